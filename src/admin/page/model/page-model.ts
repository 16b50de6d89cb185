/**
 * Page model: what the page knows, reading by reading. It draws nothing, and asks for nothing.
 */
import { type DestinationRow, destinationRow } from "./destinations.ts"
import { History } from "./history.ts"
import type { Reading } from "./poll.ts"
import { sum } from "./prometheus.ts"
import { endedRow, openRow, type Row } from "./rows.ts"

/** Rows of what ended that a page keeps while it is open; the proxy itself keeps the last thousand. */
export const maxEnded = 10_000

export class PageModel {
  readonly history = new History()
  /** `connecting`, what the proxy says of itself, or `unreachable`. */
  state = "connecting"
  version = ""
  /** Why there was no reading; undefined when there was one. */
  trouble: string | undefined
  paused = false
  /** Connections that are open now; `open` lists the oldest of them. */
  openNow = 0
  /** The lists, as they were when the page was paused. */
  total = 0
  open: ReadonlyArray<Row> = []
  destinations: ReadonlyArray<DestinationRow> = []
  ended: ReadonlyArray<Row> = []
  private allEnded: ReadonlyArray<Row> = []
  private newest = 0
  private started = 0

  /** A reading came. */
  take({ about, samples, points, destinations, total, open, first, ended }: Reading): void {
    this.trouble = undefined
    this.state = String(about["state"] ?? "")
    this.version = [about["version"], about["revision"]].filter(Boolean).join(" · ")
    this.openNow = total
    this.history.add(samples, points)
    const started = sum(samples, "process_start_time_seconds")
    // Another process counts anew; after a gap some come twice.
    if (started !== this.started) this.allEnded = []
    else if (first <= this.newest) this.allEnded = this.allEnded.filter(({ turn }) => turn < first)
    this.started = started
    this.newest = first + ended.length - 1
    const rows = ended.map((told, i) => endedRow(told, first + i))
    // The same list while nothing has ended: whoever has sorted it need not do so again.
    if (rows.length > 0) this.allEnded = [...this.allEnded, ...rows].slice(-maxEnded)
    if (this.paused) return
    this.total = total
    this.open = open.map(openRow)
    this.destinations = destinations.map(destinationRow)
    this.ended = this.allEnded
  }

  /** Notes that no reading came. A proxy that drained has done what was asked. */
  miss(why: string): void {
    const drained = this.state === "draining"
    this.trouble = drained ? "The proxy has drained and ended." : `The proxy does not answer: ${why}`
    if (!drained) this.state = "unreachable"
  }

  /** The proxy answered, and did not do what it was asked. */
  complain(why: string): void {
    this.trouble = why
  }

  /** While it is paused the lists stay as they are; the charts go on. */
  togglePause(): void {
    this.paused = !this.paused
    if (!this.paused) this.ended = this.allEnded
  }
}
