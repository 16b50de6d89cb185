/**
 * Tab list: chooses one of a few things to show; by mouse, or with the arrow keys as WAI-ARIA describes tabs.
 */
import { useRef } from "preact/hooks"

export interface TabTitle<T extends string> {
  readonly name: T
  readonly title: string
  /** A number beside the title. */
  readonly count?: string | undefined
}

interface Props<T extends string> {
  /** What is chosen between, for who does not see it. */
  readonly label: string
  /** The beginning of the ids of its tabs. */
  readonly id: string
  /** The id of the element that shows what is chosen. */
  readonly panel: string
  readonly tabs: ReadonlyArray<TabTitle<T>>
  readonly chosen: T
  readonly choose: (tab: T) => void
}

export const TabList = <T extends string>({ label, id, panel, tabs, chosen, choose }: Props<T>) => {
  const list = useRef<HTMLDivElement>(null)
  const press = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0
    const next = step === 0 ? undefined : beside(tabs, chosen, step)
    if (next === undefined) return
    event.preventDefault()
    choose(next)
    list.current?.querySelector<HTMLElement>(`#${id}-${next}`)?.focus()
  }
  return (
    <div role="tablist" aria-label={label} ref={list} onKeyDown={press}>
      {tabs.map(({ name, title, count }) => (
        <button
          key={name}
          role="tab"
          id={`${id}-${name}`}
          aria-controls={panel}
          aria-selected={name === chosen}
          tabIndex={name === chosen ? 0 : -1}
          onClick={() => choose(name)}
        >
          {title} {count === undefined ? null : <span>{count}</span>}
        </button>
      ))}
    </div>
  )
}

/** The tab to the right of one, or with a `step` of -1 to the left; behind the last comes the first. */
export const beside = <T extends string>(tabs: ReadonlyArray<TabTitle<T>>, chosen: T, step: -1 | 1): T | undefined => {
  const at = tabs.findIndex(({ name }) => name === chosen)
  return tabs[(at + step + tabs.length) % tabs.length]?.name
}
