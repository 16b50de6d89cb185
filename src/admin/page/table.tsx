/**
 * Table: a long list of rows of which only those in sight are in the document: thousands cost no more than fifty.
 */
import type { RefObject } from "preact"
import { useLayoutEffect, useMemo, useState } from "preact/hooks"

import { bytes, clock, duration } from "./format.ts"
import { type Key, type Order, type Row, sort } from "./rows.ts"

/** Pixels; page.css gives every row this height. */
const rowHeight = 30
/** Rows above and below what is in sight, so that scrolling shows no gaps. */
const margin = 8

interface TableColumn {
  readonly key: Key
  readonly title: string
  readonly meaning: string
  readonly show: (row: Row) => string
}

const columns: ReadonlyArray<TableColumn> = [
  { key: "when", title: "When", meaning: "when it began, or ended", show: ({ when }) => clock(when) },
  {
    key: "direction",
    title: "Way",
    meaning: "in: to the workload; out: from it",
    show: ({ direction }) => (direction === "inbound" ? "in" : "out"),
  },
  { key: "protocol", title: "Protocol", meaning: "what the client speaks", show: ({ protocol }) => protocol },
  {
    key: "state",
    title: "State",
    meaning: "the phase, the status, or who ended it and why",
    show: ({ state }) => state,
  },
  { key: "client", title: "Client", meaning: "who connected", show: ({ client }) => client },
  { key: "target", title: "Target", meaning: "where it wants to go", show: ({ target }) => target || "–" },
  { key: "bytesIn", title: "Sent", meaning: "bytes from the client", show: ({ bytesIn }) => bytes(bytesIn) },
  { key: "bytesOut", title: "Received", meaning: "bytes to the client", show: ({ bytesOut }) => bytes(bytesOut) },
  { key: "lasted", title: "Time", meaning: "age, or how long it took", show: ({ lasted }) => duration(lasted) },
]

const numeric: ReadonlySet<Key> = new Set(["when", "bytesIn", "bytesOut", "lasted"])
/** Columns whose text may not fit: hovering shows the whole. */
const hovered: ReadonlySet<Key> = new Set(["target", "client", "state"])

interface Props {
  /** The element that scrolls, and that the keys are pressed in. */
  readonly root: RefObject<HTMLDivElement | null>
  readonly rows: ReadonlyArray<Row>
  readonly order: Order
  readonly setOrder: (order: Order) => void
  /** Shown where there is no row. */
  readonly empty: string
  /** Called with a row that somebody wants to know more about. */
  readonly look: (row: Row) => void
}

export const Table = ({ root, rows: unsorted, order, setOrder, empty, look }: Props) => {
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  const sight = useSight(root)
  // Not again for every step of scrolling.
  const rows = useMemo(() => sort(unsorted, order), [unsorted, order])
  const seen = inSightOf(rows.length, sight)
  const shown = rows.slice(seen.from, seen.to)

  const sortBy = (by: Key): void => {
    // The first click on numbers shows the largest, on words the first.
    setOrder({ by, descending: order.by === by ? !order.descending : numeric.has(by) })
    if (root.current !== null) root.current.scrollTop = 0
  }
  const press = (event: KeyboardEvent): void => {
    // A button in the heading has keys of its own.
    if (root.current === null || event.target !== root.current) return
    const at = rows.findIndex(({ key }) => key === chosen)
    const row = rows[at]
    const to = step(event.key, at, rows.length, sight.height)
    if (event.key === "Enter" && row !== undefined) look(row)
    else if (to === undefined) return
    else {
      setChosen(rows[to]?.key)
      bringIntoSight(root.current, to)
    }
    event.preventDefault()
  }
  const active = shown.some(({ key }) => key === chosen)
  return (
    <div
      class="scroll"
      ref={root}
      tabIndex={0}
      role="group"
      aria-label="Connections"
      aria-activedescendant={active ? `row-${chosen}` : undefined}
      onKeyDown={press}
    >
      <div aria-hidden="true" style={{ height: `${seen.from * rowHeight}px` }} />
      <table role="grid" aria-rowcount={rows.length + 1}>
        <Heading order={order} sortBy={sortBy} />
        <Lines
          rows={shown}
          from={seen.from}
          chosen={chosen}
          look={(row) => {
            setChosen(row.key)
            look(row)
          }}
        />
      </table>
      <div aria-hidden="true" style={{ height: `${(rows.length - seen.to) * rowHeight}px` }} />
      <p class="nothing" hidden={rows.length > 0}>
        {empty}
      </p>
    </div>
  )
}

/** Follows which part of the scrolled element is in sight, in pixels: every step of scrolling, and changes of its size. */
const useSight = (root: RefObject<HTMLDivElement | null>) => {
  const [sight, setSight] = useState({ top: 0, height: 0 })
  useLayoutEffect(() => {
    const { current } = root
    if (current === null) return undefined
    const see = (): void => setSight({ top: current.scrollTop, height: current.clientHeight })
    const observer = new ResizeObserver(see)
    observer.observe(current)
    current.addEventListener("scroll", see)
    return () => {
      observer.disconnect()
      current.removeEventListener("scroll", see)
    }
  }, [])
  return sight
}

interface LinesProps {
  readonly rows: ReadonlyArray<Row>
  /** The index of the first of them among all. */
  readonly from: number
  readonly chosen: string | undefined
  readonly look: (row: Row) => void
}

const Lines = ({ rows, from, chosen, look }: LinesProps) => (
  <tbody>
    {rows.map((row, i) => (
      <Line key={row.key} row={row} index={from + i} chosen={row.key === chosen} look={() => look(row)} />
    ))}
  </tbody>
)

interface HeadingProps {
  readonly order: Order
  readonly sortBy: (key: Key) => void
}

const Heading = ({ order, sortBy }: HeadingProps) => (
  <thead>
    <tr>
      {columns.map(({ key, title, meaning }) => (
        <th
          key={key}
          scope="col"
          class={cellClass(key)}
          aria-sort={key !== order.by ? "none" : order.descending ? "descending" : "ascending"}
        >
          <button title={meaning} onClick={() => sortBy(key)}>
            {title}
          </button>
        </th>
      ))}
    </tr>
  </thead>
)

interface LineProps {
  readonly row: Row
  /** Among all rows. */
  readonly index: number
  readonly chosen: boolean
  readonly look: () => void
}

const Line = ({ row, index, chosen, look }: LineProps) => (
  // The heading is row 1.
  <tr id={`row-${row.key}`} aria-rowindex={index + 2} aria-selected={chosen} data-tone={row.tone} onClick={look}>
    {columns.map(({ key, show }) => (
      <td key={key} class={cellClass(key)} title={hovered.has(key) ? show(row) : undefined}>
        {show(row)}
      </td>
    ))}
  </tr>
)

const cellClass = (key: Key): string => (numeric.has(key) ? `${key} number` : key)

/** The rows that are in the document: `from` and before `to`. */
const inSightOf = (rows: number, { top, height }: { readonly top: number; readonly height: number }) => {
  const most = Math.ceil(height / rowHeight) + 2 * margin
  const from = Math.max(0, Math.min(Math.floor(top / rowHeight) - margin, rows - most))
  return { from, to: Math.min(rows, from + most) }
}

/** The row that a key leads to from row `at`, which is -1 where none is chosen; undefined for a key that leads nowhere. */
const step = (key: string, at: number, rows: number, height: number): number | undefined => {
  const page = Math.max(1, Math.floor(height / rowHeight) - 2)
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at < 0 ? 0 : at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: rows - 1,
  }
  const to = steps[key]
  return to === undefined || rows === 0 ? undefined : Math.max(0, Math.min(to, rows - 1))
}

const bringIntoSight = (root: HTMLElement, index: number): void => {
  const top = index * rowHeight
  // The heading stays in place and covers the first row of what is in sight.
  const inSight = root.clientHeight - 2 * rowHeight
  if (top < root.scrollTop) root.scrollTop = top
  else if (top > root.scrollTop + inSight) root.scrollTop = top - inSight
}
