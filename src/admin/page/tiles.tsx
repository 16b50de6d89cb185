/**
 * Tiles: four charts above the table: what comes, what it carries, how long it waits, what goes wrong.
 */
import { Chart, type PlottedLine } from "./parts/chart.tsx"
import { bytes, count, duration, whole } from "./model/format.ts"
import type { History, Point } from "./model/history.ts"

const perSecond = (value: number): string => `${count(value)}/s`
const bytesPerSecond = (value: number): string => `${bytes(value)}/s`

interface Props {
  readonly history: History
  /** How many connections are open. */
  readonly open: number
}

export const Tiles = ({ history: { points, reasons }, open }: Props) => {
  const now = points.at(-1)
  const line = (name: string, of: (point: Point) => number | undefined): PlottedLine => ({
    name,
    values: points.map(of),
  })
  const worst = reasons.map(([reason, times]) => `${reason} ${whole(times)}`)
  return (
    <section id="tiles" aria-label="The last ten minutes">
      <Chart
        title="Connections"
        headline={whole(open)}
        note="open now"
        format={perSecond}
        first={line("new", (point) => point.connections)}
        second={line("requests", (point) => point.requests)}
      />
      <Chart
        title="Traffic"
        headline={bytesPerSecond((now?.toClient ?? 0) + (now?.toTarget ?? 0))}
        note="both ways"
        format={bytesPerSecond}
        first={line("to clients", (point) => point.toClient)}
        second={line("to targets", (point) => point.toTarget)}
      />
      <Chart
        title="Time to first byte"
        headline={now?.median === undefined ? "–" : duration(now.median)}
        note="median, with connecting"
        format={duration}
        first={line("median", (point) => point.median)}
        second={line("p99", (point) => point.slowest)}
      />
      <Chart
        title="Errors"
        tone="errors"
        headline={perSecond((now?.refusals ?? 0) + (now?.failures ?? 0))}
        note={worst.join(" · ")}
        format={perSecond}
        first={line("refused", (point) => point.refusals)}
        second={line("5xx answers", (point) => point.failures)}
      />
    </section>
  )
}
