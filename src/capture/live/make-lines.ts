/**
 * Make lines: from what was heard to the lines of JSON that are kept or told: decoded, redacted, hashed. Never throws; what
 * fails, and what is not wanted, is counted by its reason. Nothing leaves that was not redacted.
 */
import { type Inflate, sealBody } from "../body.ts"
import type { Drawable, Policy } from "../policy/policy.ts"
import { type CaptureRecord, isHttp } from "../record.ts"
import { recordedRequestHead } from "../recorder/heads.ts"
import { makeRecord } from "../recorder/make-record.ts"
import type { Identified } from "../recorder/recorder.ts"

import type { DropReason, LeaveReason } from "./counters.ts"
import type { MadeRecord } from "./maker.ts"

export interface MakingParts {
  readonly policy: Policy
  /** Bytes that are kept of each body. */
  readonly maxBody: number
  readonly inflate: Inflate
  /** Lower-case hex. */
  readonly sha256: (bytes: Uint8Array) => string
}

/** What became of a batch, before it is written anywhere. */
export interface MadeLines {
  readonly records: ReadonlyArray<Omit<MadeRecord, "isWritten">>
  /** The line of each record, its newline included. */
  readonly lines: ReadonlyArray<Uint8Array>
  readonly dropped: { readonly [R in DropReason]?: number }
  readonly leftOut: { readonly [R in LeaveReason]?: number }
}

/** Makes the lines of a batch, one after the other. */
export const makeLines = async (batch: ReadonlyArray<Identified>, parts: MakingParts): Promise<MadeLines> => {
  const records: Array<Omit<MadeRecord, "isWritten">> = []
  const lines: Array<Uint8Array> = []
  const dropped: { [R in DropReason]?: number } = {}
  const leftOut: { [R in LeaveReason]?: number } = {}
  for (const heard of batch) {
    const outcome = await makeLine(heard, parts)
    if (outcome._tag === "Dropped") dropped[outcome.reason] = (dropped[outcome.reason] ?? 0) + 1
    else if (outcome._tag === "LeftOut") leftOut[outcome.reason] = (leftOut[outcome.reason] ?? 0) + 1
    else {
      records.push(outcome.record)
      lines.push(outcome.line)
    }
  }
  return { records, lines, dropped, leftOut }
}

type Outcome =
  | { readonly _tag: "Made"; readonly record: Omit<MadeRecord, "isWritten">; readonly line: Uint8Array }
  | { readonly _tag: "Dropped"; readonly reason: DropReason }
  | { readonly _tag: "LeftOut"; readonly reason: LeaveReason }

const makeLine = async (heard: Identified, parts: MakingParts): Promise<Outcome> => {
  const { policy, maxBody, inflate, sha256 } = parts
  try {
    const drawn = policy.drawsAll || policy.draws(drawable(heard))
    if (!drawn && !policy.keepsUndrawn) return { _tag: "LeftOut", reason: "sample" }
    const made = await makeRecord(heard, heard.id, { maxBytes: maxBody, keepBulky: undefined }, inflate)
    const record = redacted(made, policy)
    if (record === undefined) return { _tag: "Dropped", reason: "redaction" }
    const reason = policy.refuses(record, drawn)
    return reason === undefined ? lineOf(sealed(record, sha256)) : { _tag: "LeftOut", reason }
  } catch {
    return { _tag: "Dropped", reason: "error" }
  }
}

const encoder = new TextEncoder()

const lineOf = (record: CaptureRecord): Outcome => {
  const line = encoder.encode(`${JSON.stringify(record)}\n`)
  const { id, kind, truncated = [], redacted = [] } = record
  const redactions: Record<string, number> = {}
  for (const { rule } of redacted) redactions[rule] = (redactions[rule] ?? 0) + 1
  return { _tag: "Made", record: { id, kind, length: line.length, truncated, redactions }, line }
}

/** Undefined where what is secret in it could not be replaced. */
const redacted = (record: CaptureRecord, { redact }: Policy): CaptureRecord | undefined => {
  try {
    return redact(record)
  } catch {
    return undefined
  }
}

const drawable = (heard: Identified): Drawable => ({
  flow: heard.facts.flow,
  headers: heard.kind === "stream" ? [] : recordedRequestHead(heard.request.head).headers,
})

/** With the hashes of its bodies, as they are now. */
const sealed = (record: CaptureRecord, sha256: MakingParts["sha256"]): CaptureRecord => {
  if (!isHttp(record)) return record
  const { request, response } = record
  return {
    ...record,
    request: request.body === undefined ? request : { ...request, body: sealBody(request.body, sha256) },
    ...(response?.body === undefined ? {} : { response: { ...response, body: sealBody(response.body, sha256) } }),
  }
}
