/**
 * Tiles: four charts above the table: what comes, what it carries, how long it waits, what goes wrong.
 */
import { useMemo } from "preact/hooks"

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
  // Drawn again for a new point, and not for whatever else changes on the page.
  const lines = useMemo(() => linesOf(points), [points])
  const worst = reasons.map(([reason, times]) => `${reason} ${whole(times)}`)
  return (
    <section id="tiles" aria-label="The last ten minutes">
      <Chart
        title="Connections"
        headline={whole(open)}
        note="open now"
        format={perSecond}
        first={lines.connections}
        second={lines.requests}
      />
      <Chart
        title="Traffic"
        headline={bytesPerSecond((now?.toClient ?? 0) + (now?.toTarget ?? 0))}
        note="both ways"
        format={bytesPerSecond}
        first={lines.toClient}
        second={lines.toTarget}
      />
      <Chart
        title="Time to first byte"
        headline={now?.median === undefined ? "–" : duration(now.median)}
        note="median, with connecting"
        format={duration}
        first={lines.median}
        second={lines.slowest}
      />
      <Chart
        title="Errors"
        tone="errors"
        headline={perSecond((now?.refusals ?? 0) + (now?.failures ?? 0))}
        note={worst.join(" · ")}
        format={perSecond}
        first={lines.refusals}
        second={lines.failures}
      />
    </section>
  )
}

const linesOf = (points: ReadonlyArray<Point>): { readonly [N in keyof Point]: PlottedLine } => {
  const line = (name: string, field: keyof Point): PlottedLine => ({
    name,
    values: points.map((point) => point[field]),
  })
  return {
    connections: line("new", "connections"),
    requests: line("requests", "requests"),
    toClient: line("to clients", "toClient"),
    toTarget: line("to targets", "toTarget"),
    median: line("median", "median"),
    slowest: line("p99", "slowest"),
    refusals: line("refused", "refusals"),
    failures: line("5xx answers", "failures"),
  }
}
