/**
 * Search: looks for a text in the part of a record that is shown.
 */
import type { RefObject } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"

interface Props {
  readonly wanted: string
  readonly search: (text: string) => void
  /** The element that shows what is searched in. */
  readonly panel: RefObject<HTMLElement | null>
}

/** Enter goes to the next place, with Shift to the one before. */
export const Search = ({ wanted, search, panel }: Props) => {
  const input = useRef<HTMLInputElement>(null)
  const [count, setCount] = useState(0)
  const at = useRef(-1)
  const places = (): ReadonlyArray<Element> => [...(panel.current?.querySelectorAll("mark.found") ?? [])]
  const goTo = (step: number): void => {
    const all = places()
    if (all.length === 0) return
    all[at.current]?.removeAttribute("aria-current")
    at.current = (at.current + step + all.length) % all.length
    all[at.current]?.setAttribute("aria-current", "true")
    all[at.current]?.scrollIntoView({ block: "nearest" })
  }
  useEffect(() => {
    at.current = -1
    setCount(places().length)
    if (wanted !== "") goTo(1)
  }, [wanted])
  return (
    <label class="within">
      <span class="unseen">Search in this part</span>
      <input
        id="within"
        ref={input}
        type="search"
        autocomplete="off"
        spellcheck={false}
        placeholder="Search in this part"
        value={wanted}
        onInput={({ currentTarget }) => search(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return
          event.preventDefault()
          goTo(event.shiftKey ? -1 : 1)
        }}
      />
      <span class="quiet" role="status">
        {wanted === "" ? "" : count === 1 ? "1 place" : `${count} places`}
      </span>
    </label>
  )
}
