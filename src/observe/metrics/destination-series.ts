/**
 * Destination series: what is counted by destination, as the exposition wants it. Their labels are the names that there
 * are, so unlike `Series` they are read from the destinations at each look.
 */
import { shortBounds, type DestinationFamilies, statuses } from "./metrics-table.ts"
import type { LiveDestination } from "./destinations.ts"
import type { Buckets, Family, LabelPairs, ReadHistogram, ReadSeries } from "./series.ts"
import { other } from "./tally.ts"

type Show = (value: number, labels: LabelPairs) => void
type Each = (all: LiveDestination, show: (value: number, ...labels: LabelPairs) => void) => void

/** The series of every family, in the order of the table. `all` is what there is. */
export const destinationSeries = (
  families: DestinationFamilies,
  all: ReadonlyArray<LiveDestination>,
): ReadonlyArray<ReadSeries | ReadHistogram> => [
  series(families.requests, all, ({ destination }, show) =>
    statuses.forEach((status, i) => show(destination.classes[i]!, ["status", status])),
  ),
  series(families.errors, all, ({ destination }, show) => {
    show(destination.refusals, ["kind", "refusal"])
    show(destination.cuts, ["kind", "cut"])
  }),
  series(families.connections, all, ({ destination }, show) => show(destination.connections)),
  series(families.bytes, all, ({ destination, live }, show) => {
    show(destination.bytesIn + live.bytesIn, ["flow", "to_target"])
    show(destination.bytesOut + live.bytesOut, ["flow", "to_client"])
  }),
  durations(families.durations, all),
]

const labelsOf = ({ destination }: LiveDestination): LabelPairs => [
  ["direction", destination.direction],
  ["destination", destination.name],
]

/** What stands for a family that has counted nothing. */
const nobody: LabelPairs = [
  ["direction", "inbound"],
  ["destination", other],
]

/** A family without what is zero; where all is, its first series is shown. */
const series = (family: Family, all: ReadonlyArray<LiveDestination>, each: Each): ReadSeries => ({
  family,
  forEach: (show: Show) => {
    let shown = 0
    for (const one of all) {
      each(one, (value, ...labels) => {
        if (value === 0) return
        shown++
        show(value, [...labelsOf(one), ...labels])
      })
    }
    if (shown > 0) return
    const rest = family.labels.slice(nobody.length).map(({ name, values }) => [name, values[0] ?? ""] as const)
    show(0, [...nobody, ...rest])
  },
})

const durations = (family: Family, all: ReadonlyArray<LiveDestination>): ReadHistogram => ({
  family,
  bounds: shortBounds,
  forEach: (show: (buckets: Buckets, labels: LabelPairs) => void) => {
    const used = all.filter(({ destination }) => destination.requests > 0)
    for (const one of used) show(one.destination.buckets, labelsOf(one))
    if (used.length === 0) show({ counts: shortBounds.map(() => 0).concat(0), sum: 0, least: 0, most: 0 }, nobody)
  },
})
