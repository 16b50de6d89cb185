/**
 * Table: a long list of rows of which only those in sight are in the document: thousands cost no more than fifty.
 */
import type { RefObject } from "preact"
import { useLayoutEffect, useMemo, useState } from "preact/hooks"

import type { Order } from "./rows.ts"

/** Pixels; page.css gives every row this height. */
const rowHeight = 30
/** Rows above and below what is in sight, so that scrolling shows no gaps. */
const margin = 8

export interface TableColumn<R, K extends string> {
  /** The class of its cells as well. */
  readonly key: K
  readonly title: string
  readonly meaning: string
  readonly show: (row: R) => string
  /** Aligned to the right; the first click on its heading shows the largest. */
  readonly numeric?: boolean
  /** Its text may not fit: hovering shows the whole, or what this says instead. */
  readonly hover?: (row: R) => string
}

/** What every row of a table has. */
export interface TableRow {
  /** Stays the same while the page is open. */
  readonly key: string
  readonly tone: string
}

interface Props<R, K extends string> {
  /** What the table holds, for who does not see it. */
  readonly label: string
  /** The element that scrolls, and that the keys are pressed in. */
  readonly root: RefObject<HTMLDivElement | null>
  readonly columns: ReadonlyArray<TableColumn<R, K>>
  readonly rows: ReadonlyArray<R>
  readonly sort: (rows: ReadonlyArray<R>, order: Order<K>) => ReadonlyArray<R>
  readonly order: Order<K>
  readonly setOrder: (order: Order<K>) => void
  /** Shown where there is no row. */
  readonly empty: string
  /** Called with a row that somebody wants to know more about. */
  readonly look: (row: R) => void
}

export const Table = <R extends TableRow, K extends string>(props: Props<R, K>) => {
  const { label, root, columns, rows: unsorted, sort, order, setOrder, empty, look } = props
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  const sight = useSight(root)
  // Not again for every step of scrolling.
  const rows = useMemo(() => sort(unsorted, order), [unsorted, order])
  const seen = inSightOf(rows.length, sight)
  const shown = rows.slice(seen.from, seen.to)

  const choose = ({ key: by, numeric = false }: TableColumn<R, K>): void => {
    // The first click on numbers shows the largest, on words the first.
    setOrder({ by, descending: order.by === by ? !order.descending : numeric })
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
      aria-label={label}
      aria-activedescendant={active ? `row-${chosen}` : undefined}
      onKeyDown={press}
    >
      <div aria-hidden="true" style={{ height: `${seen.from * rowHeight}px` }} />
      <table role="grid" aria-rowcount={rows.length + 1}>
        <Heading columns={columns} order={order} choose={choose} />
        <Lines
          columns={columns}
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

interface LinesProps<R, K extends string> {
  readonly columns: ReadonlyArray<TableColumn<R, K>>
  readonly rows: ReadonlyArray<R>
  /** The index of the first of them among all. */
  readonly from: number
  readonly chosen: string | undefined
  readonly look: (row: R) => void
}

const Lines = <R extends TableRow, K extends string>({ columns, rows, from, chosen, look }: LinesProps<R, K>) => (
  <tbody>
    {rows.map((row, i) => (
      <Line
        key={row.key}
        columns={columns}
        row={row}
        index={from + i}
        chosen={row.key === chosen}
        look={() => look(row)}
      />
    ))}
  </tbody>
)

interface HeadingProps<R, K extends string> {
  readonly columns: ReadonlyArray<TableColumn<R, K>>
  readonly order: Order<K>
  readonly choose: (column: TableColumn<R, K>) => void
}

const Heading = <R, K extends string>({ columns, order, choose }: HeadingProps<R, K>) => (
  <thead>
    <tr>
      {columns.map((column) => (
        <th
          key={column.key}
          scope="col"
          class={cellClass(column)}
          aria-sort={column.key !== order.by ? "none" : order.descending ? "descending" : "ascending"}
        >
          <button title={column.meaning} onClick={() => choose(column)}>
            {column.title}
          </button>
        </th>
      ))}
    </tr>
  </thead>
)

interface LineProps<R, K extends string> {
  readonly columns: ReadonlyArray<TableColumn<R, K>>
  readonly row: R
  /** Among all rows. */
  readonly index: number
  readonly chosen: boolean
  readonly look: () => void
}

const Line = <R extends TableRow, K extends string>({ columns, row, index, chosen, look }: LineProps<R, K>) => (
  // The heading is row 1.
  <tr id={`row-${row.key}`} aria-rowindex={index + 2} aria-selected={chosen} data-tone={row.tone} onClick={look}>
    {columns.map((column) => (
      <td key={column.key} class={cellClass(column)} title={column.hover?.(row)}>
        {column.show(row)}
      </td>
    ))}
  </tr>
)

const cellClass = ({ key, numeric }: Pick<TableColumn<never, string>, "key" | "numeric">): string =>
  numeric === true ? `${key} number` : key

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
