/**
 * Table: a long list of rows of which only those in sight are in the document: thousands cost no more than fifty.
 */
import { element, say } from "./dom.ts"
import { bytes, clock, duration } from "./format.ts"
import { type Key, type Order, type Row, sort } from "./rows.ts"

/** Pixels; page.css gives every row this height. */
const rowHeight = 30
/** Rows above and below what is in sight, so that scrolling shows no gaps. */
const margin = 8

interface Column {
  readonly key: Key
  readonly title: string
  readonly meaning: string
  readonly show: (row: Row) => string
}

const columns: ReadonlyArray<Column> = [
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

export class Table {
  readonly root = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Connections" })
  private readonly table = element("table", { role: "grid" })
  private readonly body = element("tbody")
  private readonly above = element("div", { "aria-hidden": "true" })
  private readonly below = element("div", { "aria-hidden": "true" })
  private readonly nothing = element("p", { class: "nothing" })
  private readonly headings = new Map<Key, HTMLTableCellElement>()
  private rows: ReadonlyArray<Row> = []
  private order: Order = { by: "when", descending: true }
  private chosen: string | undefined
  private readonly open: (row: Row) => void

  /** `open` is called with a row that somebody wants to know more about. */
  constructor(open: (row: Row) => void) {
    this.open = open
    const head = element("thead", {}, element("tr", {}, ...columns.map((column) => this.heading(column))))
    this.table.append(head, this.body)
    this.root.append(this.above, this.table, this.below, this.nothing)
    this.root.addEventListener("scroll", () => this.draw())
    this.root.addEventListener("keydown", (event) => this.key(event))
    this.body.addEventListener("click", (event) => this.click(event))
    new ResizeObserver(() => this.draw()).observe(this.root)
    this.markOrder()
  }

  /** Shows these rows, and `empty` where there is none. */
  show(rows: ReadonlyArray<Row>, empty: string): void {
    this.rows = sort(rows, this.order)
    say(this.nothing, empty)
    this.nothing.hidden = rows.length > 0
    this.draw()
  }

  private heading({ key, title, meaning }: Column): HTMLTableCellElement {
    const button = element("button", { title: meaning }, title)
    button.addEventListener("click", () => this.sortBy(key))
    const cell = element("th", { scope: "col", class: cellClass(key) }, button)
    this.headings.set(key, cell)
    return cell
  }

  private sortBy(by: Key): void {
    // The first click on numbers shows the largest, on words the first.
    const descending = this.order.by === by ? !this.order.descending : numeric.has(by)
    this.order = { by, descending }
    this.markOrder()
    this.rows = sort(this.rows, this.order)
    this.root.scrollTop = 0
    this.draw()
  }

  private markOrder(): void {
    const { by, descending } = this.order
    for (const [key, cell] of this.headings) {
      cell.setAttribute("aria-sort", key !== by ? "none" : descending ? "descending" : "ascending")
    }
  }

  private draw(): void {
    const { clientHeight, scrollTop } = this.root
    const most = Math.ceil(clientHeight / rowHeight) + 2 * margin
    const first = Math.max(0, Math.min(Math.floor(scrollTop / rowHeight) - margin, this.rows.length - most))
    const seen = this.rows.slice(first, first + most)
    this.above.style.height = `${first * rowHeight}px`
    this.below.style.height = `${(this.rows.length - first - seen.length) * rowHeight}px`
    this.table.setAttribute("aria-rowcount", String(this.rows.length + 1))
    while (this.body.rows.length < seen.length) this.body.append(emptyRow())
    while (this.body.rows.length > seen.length) this.body.lastElementChild?.remove()
    seen.forEach((row, i) => this.fill(this.body.rows[i]!, row, first + i))
    const active = seen.some(({ key }) => key === this.chosen)
    if (active) this.root.setAttribute("aria-activedescendant", `row-${this.chosen}`)
    else this.root.removeAttribute("aria-activedescendant")
  }

  private fill(line: HTMLTableRowElement, row: Row, index: number): void {
    line.id = `row-${row.key}`
    line.dataset["key"] = row.key
    // The heading is row 1.
    line.setAttribute("aria-rowindex", String(index + 2))
    line.setAttribute("aria-selected", String(row.key === this.chosen))
    line.dataset["tone"] = row.tone
    columns.forEach(({ key, show }, i) => {
      const cell = line.cells[i]!
      const text = show(row)
      say(cell, text)
      // What does not fit its column is told on hovering.
      if (key === "target" || key === "client" || key === "state") cell.title = text
    })
  }

  private click({ target }: Event): void {
    const line = target instanceof Element ? target.closest("tr") : null
    const row = this.rows.find(({ key }) => key === line?.dataset["key"])
    if (row === undefined) return
    this.chosen = row.key
    this.draw()
    this.open(row)
  }

  private key(event: KeyboardEvent): void {
    // A button in the heading has keys of its own.
    if (event.target !== this.root) return
    const at = this.rows.findIndex(({ key }) => key === this.chosen)
    const page = Math.max(1, Math.floor(this.root.clientHeight / rowHeight) - 2)
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: this.rows.length - 1,
    }
    const row = this.rows[at]
    const to = steps[event.key]
    if (event.key === "Enter" && row !== undefined) this.open(row)
    else if (to !== undefined) this.choose(Math.max(0, Math.min(to, this.rows.length - 1)))
    else return
    event.preventDefault()
  }

  private choose(index: number): void {
    const row = this.rows[index]
    if (row === undefined) return
    this.chosen = row.key
    const top = index * rowHeight
    // The heading stays in place and covers the first row of what is in sight.
    const inSight = this.root.clientHeight - 2 * rowHeight
    if (top < this.root.scrollTop) this.root.scrollTop = top
    else if (top > this.root.scrollTop + inSight) this.root.scrollTop = top - inSight
    this.draw()
  }
}

const cellClass = (key: Key): string => (numeric.has(key) ? `${key} number` : key)

const emptyRow = (): HTMLTableRowElement =>
  element("tr", {}, ...columns.map(({ key }) => element("td", { class: cellClass(key) })))
