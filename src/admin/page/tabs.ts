/**
 * Tabs: which list is shown; by mouse, or with the arrow keys as WAI-ARIA describes tabs.
 */
import { find, say } from "./dom.ts"
import { whole } from "./format.ts"

export const names = ["open", "ended", "settings"] as const
export type Tab = (typeof names)[number]

export class Tabs {
  current: Tab = "open"
  private readonly panel = find("list", HTMLDivElement)
  private readonly changed: () => void

  /** `changed` is called after another tab was chosen. */
  constructor(changed: () => void) {
    this.changed = changed
    for (const name of names) {
      const button = tab(name)
      button.addEventListener("click", () => this.choose(name))
      button.addEventListener("keydown", (event) => this.key(event, name))
    }
  }

  /** Writes how many rows are behind a tab. */
  count(name: Tab, rows: number): void {
    const place = tab(name).querySelector("span")
    if (place !== null) say(place, whole(rows))
  }

  private choose(name: Tab): void {
    this.current = name
    for (const each of names) {
      tab(each).setAttribute("aria-selected", String(each === name))
      tab(each).tabIndex = each === name ? 0 : -1
    }
    this.panel.setAttribute("aria-labelledby", `tab-${name}`)
    this.changed()
  }

  private key(event: KeyboardEvent, name: Tab): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0
    const next = names[(names.indexOf(name) + step + names.length) % names.length]
    if (step === 0 || next === undefined) return
    event.preventDefault()
    this.choose(next)
    tab(next).focus()
  }
}

const tab = (name: Tab): HTMLButtonElement => find(`tab-${name}`, HTMLButtonElement)
