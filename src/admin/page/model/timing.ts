/**
 * Timing: where the time of a row or of a record went, as pieces of one bar.
 */
import { type CaptureRecord, isHttp } from "../../../capture/record.ts"

import type { Told } from "./rows.ts"

export interface Stage {
  readonly name: "detect" | "handshake" | "dial" | "wait" | "receive"
  readonly milliseconds: number
  /** The part of the whole, up to 1. */
  readonly share: number
}

/** Fields as the admin listener names them, in the order that a connection goes through them. */
const fields = [
  ["t_detect", "detect"],
  ["t_handshake", "handshake"],
  ["t_dial", "dial"],
  ["t_first_byte", "wait"],
] as const

/** The stage that a field is the time of. */
export const stageOfField = (field: string): Stage["name"] | undefined => fields.find(([name]) => name === field)?.[1]

/** The stages of what is over, which together are all of it; none for what is still open. */
export const stagesOf = (told: Told | CaptureRecord): ReadonlyArray<Stage> => {
  const times = new Map<string, unknown>(Object.entries(told))
  const total = times.get("t_total")
  if (typeof total !== "number" || total <= 0) return []
  const known = fields.flatMap(([field, name]) => {
    const milliseconds = times.get(field)
    return typeof milliseconds === "number" ? [{ name, milliseconds }] : []
  })
  const sum = known.reduce((all, { milliseconds }) => all + milliseconds, 0)
  const whole = Math.max(total, sum)
  const all = total > sum ? [...known, { name: "receive" as const, milliseconds: total - sum }] : known
  return all.map(({ name, milliseconds }) => ({ name, milliseconds, share: milliseconds / whole }))
}

/** When pieces of the answer came, as parts of the whole time; the same place is told once in a thousand. */
export const ticksOf = (record: CaptureRecord): ReadonlyArray<number> => {
  const { t_total: total } = record
  if (total === undefined || total <= 0 || !isHttp(record)) return []
  const body = record.kind === "socket" ? undefined : record.response?.body
  const times =
    record.kind === "socket" ? record.frames.map(({ t }) => t) : (body?.events ?? body?.chunks?.map(([t]) => t) ?? [])
  return [...new Set(times.map((t) => Math.min(1000, Math.round((t / total) * 1000))))].map((place) => place / 1000)
}
