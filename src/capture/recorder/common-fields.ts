/** Common fields: what records of every kind have, by what was told of them. */
import type { ConnectionFacts } from "../../protocol/recording.ts"

import { microseconds } from "./arrivals.ts"

/** The fields, whichever way it ended. */
export const commonFields = (facts: ConnectionFacts) => ({
  flow: facts.flow,
  n: facts.n,
  direction: facts.direction,
  client: facts.client,
  target: facts.target,
  address: facts.address,
  sni: facts.sni,
  authority: facts.authority,
  t_dial: milliseconds(facts.dialled),
  t_first_byte: milliseconds(facts.firstByte),
  t_total: microseconds(facts.elapsed),
  end: facts.end,
  // Where it stood says something only of what did not end well.
  phase: facts.end === undefined ? undefined : facts.phase,
  code: facts.code,
  refusal: facts.refusal,
  error: facts.error,
  bytes_in: facts.bytesIn,
  bytes_out: facts.bytesOut,
})

/** Facts of a connection that one of its sides ended in order: that is how connections end, and no more is said of it. */
export const unlessInOrder = <A extends ConnectionFacts>(facts: A): A =>
  facts.code === undefined && facts.refusal === undefined && (facts.end === "client" || facts.end === "target")
    ? { ...facts, end: undefined, error: undefined }
    : facts

/** RFC 3339 in UTC, to the microsecond. */
export const timeText = (milliseconds: number): string => {
  const whole = Math.floor(milliseconds)
  const rest = Math.floor((milliseconds - whole) * 1000)
  return `${new Date(whole).toISOString().slice(0, -1)}${String(rest).padStart(3, "0")}Z`
}

const milliseconds = (time: number | undefined): number | undefined =>
  time === undefined ? undefined : microseconds(time)
