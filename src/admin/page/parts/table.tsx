/**
 * Table: a long list of rows of which only those in sight are in the document: thousands cost no more than fifty.
 */
import type { RefObject } from "preact"
import { useLayoutEffect, useMemo, useState } from "preact/hooks"

import type { Order } from "../model/rows.ts"

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
  /** It is as wide as its longest text up to a bound; what is longer goes on in a second line. It is never cut. */
  readonly whole?: boolean
}

/** What every row of a table has. */
export interface TableRow {
  /** Stays the same while the page is open. */
  readonly key: string
  readonly tone: string
}

/** What a table is, whatever rows it has at present. */
export interface TableKind<R, K extends string> {
  /** What it holds, for who does not see it. */
  readonly label: string
  readonly columns: ReadonlyArray<TableColumn<R, K>>
  readonly sort: (rows: ReadonlyArray<R>, order: Order<K>) => ReadonlyArray<R>
  /** How it is sorted until somebody sorts it otherwise. */
  readonly first: Order<K>
}

/** How a table is sorted, and what sorts it otherwise. */
export type Sorting<K extends string> = readonly [order: Order<K>, sortBy: (order: Order<K>) => void]

/** What does not depend on the kind of a table. */
export interface TableSurroundings {
  /** The element that scrolls, and that the keys are pressed in. */
  readonly root: RefObject<HTMLDivElement | null>
  /** Shown where there is no row. */
  readonly empty: string
  /** The key of the row that is looked at; undefined where none is. */
  readonly opened: string | undefined
}

interface Props<R, K extends string> extends TableSurroundings {
  readonly kind: TableKind<R, K>
  readonly rows: ReadonlyArray<R>
  readonly order: Sorting<K>
  /** Called with a row that somebody wants to know more about. */
  readonly look: (row: R) => void
  /** Called with the row that somebody has gone to while another is looked at. */
  readonly walk?: (row: R) => void
}

export const Table = <R extends TableRow, K extends string>(props: Props<R, K>) => {
  const { kind, root, empty, look } = props
  const [order, setOrder] = props.order
  const sight = useSight(root)
  // Not again for every step of scrolling.
  const rows = useMemo(() => kind.sort(props.rows, order), [props.rows, order])
  const seen = inSightOf(rows.length, sight)
  const shown = rows.slice(seen.from, seen.to)
  const [chosen, setChosen, press] = useChosen(props, rows, sight.height)

  const choose = ({ key: by, numeric = false }: TableColumn<R, K>): void => {
    // The first click on numbers shows the largest, on words the first.
    setOrder({ by, descending: order.by === by ? !order.descending : numeric })
    if (root.current !== null) root.current.scrollTop = 0
  }
  const lookAt = (row: R): void => {
    setChosen(row.key)
    look(row)
  }
  const active = shown.some(({ key }) => key === chosen)
  return (
    <div
      class="scroll"
      ref={root}
      tabIndex={0}
      role="group"
      aria-label={kind.label}
      aria-activedescendant={active ? `row-${chosen}` : undefined}
      onKeyDown={press}
    >
      <div aria-hidden="true" style={{ height: `${seen.from * rowHeight}px` }} />
      <table role="grid" aria-rowcount={rows.length + 1}>
        <Heading columns={kind.columns} rows={rows} order={order} choose={choose} />
        <Lines columns={kind.columns} rows={shown} from={seen.from} chosen={chosen} look={lookAt} />
      </table>
      <div aria-hidden="true" style={{ height: `${(rows.length - seen.to) * rowHeight}px` }} />
      <p class="nothing" hidden={rows.length > 0}>
        {empty}
      </p>
    </div>
  )
}

type Chosen = readonly [
  chosen: string | undefined,
  choose: (key: string) => void,
  press: (event: KeyboardEvent) => void,
]

/** The key of the chosen row, what chooses another, and what the keys do. `height` is that of the rows in sight, in pixels. */
const useChosen = <R extends TableRow, K extends string>(
  { root, opened, look, walk }: Pick<Props<R, K>, "root" | "opened" | "look" | "walk">,
  rows: ReadonlyArray<R>,
  height: number,
): Chosen => {
  const [chosen, setChosen] = useState(opened)
  const openedAt = useMemo(
    () => (opened === undefined ? -1 : rows.findIndex(({ key }) => key === opened)),
    [opened, rows],
  )
  // By Back, or by an address, another row may be looked at than was chosen here. Before the next key, which may come sooner
  // than the next frame.
  useLayoutEffect(() => {
    if (openedAt < 0) return
    setChosen(opened)
    if (root.current !== null) bringIntoSight(root.current, openedAt)
  }, [opened, openedAt < 0])
  const press = (event: KeyboardEvent): void => {
    // A button in the heading has keys of its own.
    if (root.current === null || event.target !== root.current) return
    const at = rows.findIndex(({ key }) => key === chosen)
    const to = event.key === "Enter" ? at : step(event.key, at, rows.length, height)
    const row = to === undefined ? undefined : rows[to]
    if (to === undefined || row === undefined) return
    event.preventDefault()
    if (event.key === "Enter") return look(row)
    setChosen(row.key)
    bringIntoSight(root.current, to)
    if (opened !== undefined && row.key !== opened) walk?.(row)
  }
  return [chosen, setChosen, press]
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
  /** All of them, whether in sight or not: a width that changes with scrolling would be unrest. */
  readonly rows: ReadonlyArray<R>
  readonly order: Order<K>
  readonly choose: (column: TableColumn<R, K>) => void
}

const Heading = <R, K extends string>({ columns, rows, order, choose }: HeadingProps<R, K>) => (
  <thead>
    <tr>
      {columns.map((column) => (
        <HeadingCell key={column.key} column={column} rows={rows} order={order} choose={choose} />
      ))}
    </tr>
  </thead>
)

interface HeadingCellProps<R, K extends string> extends Omit<HeadingProps<R, K>, "columns"> {
  readonly column: TableColumn<R, K>
}

const HeadingCell = <R, K extends string>({ column, rows, order, choose }: HeadingCellProps<R, K>) => {
  const width = useMemo(() => widthOf(column, rows), [rows])
  return (
    <th
      scope="col"
      class={cellClass(column)}
      style={width === undefined ? {} : { width }}
      aria-sort={column.key !== order.by ? "none" : order.descending ? "descending" : "ascending"}
    >
      <button title={column.meaning} onClick={() => choose(column)}>
        {column.title}
      </button>
    </th>
  )
}

/** Characters that a column which shows its texts whole has room for at least, and the most that one line takes. */
const minWhole = 10
const maxWhole = 34
/** A text with more characters is set smaller, so that two lines of it fit in a row. */
const maxPlain = 20

/** The width that all texts of a column fit in, with the cell's padding, but no half of the table; undefined where they may be cut. */
const widthOf = <R, K extends string>(
  { whole = false, show }: TableColumn<R, K>,
  rows: ReadonlyArray<R>,
): string | undefined => {
  if (!whole) return undefined
  const longest = rows.reduce((most, row) => Math.max(most, show(row).length), minWhole)
  return `min(${Math.min(longest, maxWhole)}ch + 22px, 45cqi)`
}

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
    {columns.map((column) => {
      const text = column.show(row)
      const isLong = column.whole === true && text.length > maxPlain
      return (
        <td key={column.key} class={isLong ? `${column.key} long` : cellClass(column)} title={column.hover?.(row)}>
          {text}
        </td>
      )
    })}
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
