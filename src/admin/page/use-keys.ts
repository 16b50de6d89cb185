/**
 * Use keys: the keys of the whole page. A dialog, a field and a modifier key have their own meaning.
 */
import type { RefObject } from "preact"
import { useLayoutEffect } from "preact/hooks"

/** Keys that walk through the list, whatever else is not asking for them. */
const walking: ReadonlySet<string> = new Set(["ArrowUp", "ArrowDown"])

/** `/` leads to the filter, the arrows into the list; `acts` are the other keys, by name. */
export const useKeys = (
  filter: RefObject<HTMLInputElement | null>,
  list: RefObject<HTMLDivElement | null>,
  acts: { readonly [key: string]: () => void },
): void => {
  // The next key may come before the next frame.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null) return
      const { target, key } = event
      if (target === filter.current) {
        if (key === "ArrowDown" || (key === "Escape" && filter.current?.value === "")) list.current?.focus()
        return
      }
      if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) {
        // The first Escape empties a field, as browsers do.
        if (key === "Escape" && target.value === "") acts[key]?.()
        return
      }
      if (key === "/") {
        event.preventDefault()
        filter.current?.select()
      }
      if (walking.has(key) && target === document.body) walk(list.current, event)
      acts[key]?.()
    }
    document.addEventListener("keydown", press)
    return () => document.removeEventListener("keydown", press)
  })
}

/** Gives the list the keyboard, and the key that was meant for it. */
const walk = (list: HTMLElement | null, event: KeyboardEvent): void => {
  if (list === null) return
  event.preventDefault()
  list.focus()
  list.dispatchEvent(new KeyboardEvent("keydown", { key: event.key }))
}
