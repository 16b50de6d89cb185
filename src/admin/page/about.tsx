/**
 * About: what is known of the destination whose rows are shown: how it answered, why it failed, and its routes.
 */
import type { Count, DestinationRow } from "./model/destinations.ts"
import { count, duration, percent, whole } from "./model/format.ts"

interface Props {
  /** The key: direction and name. */
  readonly destination: string
  /** Undefined where the proxy has no numbers of its own for it. */
  readonly row: DestinationRow | undefined
  /** Shows the rows of every destination again. */
  readonly close: () => void
}

export const About = ({ destination, row, close }: Props) => (
  <section id="about" aria-label="Destination">
    <p>
      <button id="all" onClick={close} aria-label={`Show all destinations, not only ${destination}`}>
        {destination} ✕
      </button>
      <Counts title="status" counts={row?.statuses ?? []} />
      <Counts title="errors" counts={row?.reasons ?? []} tone="bad" />
      {row === undefined || row.lastError === "" ? null : <span class="bad">last error {row.lastError}</span>}
    </p>
    {row === undefined || row.routes.length === 0 ? null : (
      <details>
        <summary>{row.routes.length === 1 ? "1 route" : `${row.routes.length} routes`}</summary>
        <ul>
          {row.routes.map(({ method, route, rate, success, p50, p99, failed }) => (
            <li key={`${method} ${route}`}>
              <code>
                {method} {route}
              </code>{" "}
              <span class="quiet">
                {count(rate)}/s · OK {success === undefined ? "–" : percent(success)} · p50 {time(p50)} · p99{" "}
                {time(p99)}
              </span>
              {failed === 0 ? null : <span class="bad"> · {whole(failed)} failed</span>}
            </li>
          ))}
        </ul>
      </details>
    )}
  </section>
)

interface CountsProps {
  readonly title: string
  readonly counts: ReadonlyArray<Count>
  readonly tone?: string
}

const Counts = ({ title, counts, tone = "" }: CountsProps) =>
  counts.length === 0 ? null : (
    <span>
      <span class="quiet">{title}</span>{" "}
      {counts.map(([name, times]) => (
        <span key={name} class={tone || toneOf(name)}>
          {name} <b>{whole(times)}</b>{" "}
        </span>
      ))}
    </span>
  )

const toneOf = (status: string): string => {
  if (/^5|^none$/.test(status)) return "bad"
  return status.startsWith("4") ? "warn" : ""
}

const time = (milliseconds: number | undefined): string => (milliseconds === undefined ? "–" : duration(milliseconds))
