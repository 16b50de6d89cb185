/**
 * Tabs: which list is shown; by mouse, or with the arrow keys as WAI-ARIA describes tabs.
 */
import { useRef } from "preact/hooks"

import { whole } from "./format.ts"
import { type Tab, tabs as names } from "./place.ts"

const titles: { readonly [T in Tab]: string } = {
  destinations: "Destinations",
  open: "Open",
  ended: "Ended",
  settings: "Settings",
}

interface Props {
  readonly chosen: Tab
  /** How many rows are behind a tab. */
  readonly counts: { readonly [T in Tab]?: number }
  readonly choose: (tab: Tab) => void
}

export const Tabs = ({ chosen, counts, choose }: Props) => {
  const list = useRef<HTMLDivElement>(null)
  const press = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0
    const next = names[(names.indexOf(chosen) + step + names.length) % names.length]
    if (step === 0 || next === undefined) return
    event.preventDefault()
    choose(next)
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus()
  }
  return (
    <div role="tablist" aria-label="What to show" ref={list} onKeyDown={press}>
      {names.map((name) => (
        <button
          key={name}
          role="tab"
          id={`tab-${name}`}
          aria-controls="list"
          aria-selected={name === chosen}
          tabIndex={name === chosen ? 0 : -1}
          onClick={() => choose(name)}
        >
          {titles[name]} {counts[name] === undefined ? null : <span>{whole(counts[name])}</span>}
        </button>
      ))}
    </div>
  )
}
