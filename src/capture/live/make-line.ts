/**
 * Make line: from what was heard to the line of JSON that is kept or told: decoded, redacted, hashed. Never throws; what
 * fails, and what is not wanted, is said with its reason. Nothing leaves that was not redacted.
 */
import { type Inflate, sealBody } from "../body.ts"
import type { Drawable, Policy } from "../policy/policy.ts"
import { type CaptureRecord, isHttp } from "../record.ts"
import { recordedRequestHead } from "../recorder/heads.ts"
import { makeRecord } from "../recorder/make-record.ts"
import type { IdentifiedExchange } from "../recorder/recorder.ts"

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

export type LineOutcome =
  | { readonly _tag: "Made"; readonly record: Omit<MadeRecord, "isWritten">; readonly line: Uint8Array }
  | { readonly _tag: "Dropped"; readonly reason: DropReason }
  | { readonly _tag: "LeftOut"; readonly reason: LeaveReason }

const encoder = new TextEncoder()

/** Makes the line, its newline included. */
export const makeLine = async (heard: IdentifiedExchange, parts: MakingParts): Promise<LineOutcome> => {
  const { policy, maxBody, inflate, sha256 } = parts
  try {
    const drawn = policy.drawsAll || policy.draws(drawable(heard))
    if (!drawn && !policy.keepsUndrawn) return { _tag: "LeftOut", reason: "sample" }
    const made = await makeRecord(heard, heard.id, { maxBytes: maxBody, keepBulky: undefined }, inflate)
    const record = redacted(made, policy)
    if (record === undefined) return { _tag: "Dropped", reason: "redaction" }
    const reason = policy.refuses(record, drawn)
    if (reason !== undefined) return { _tag: "LeftOut", reason }
    return lineOf(sealed(record, sha256))
  } catch {
    return { _tag: "Dropped", reason: "error" }
  }
}

const lineOf = (record: CaptureRecord): LineOutcome => {
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

const drawable = ({ facts, request }: IdentifiedExchange): Drawable => ({
  flow: facts.flow,
  headers: recordedRequestHead(request.head).headers,
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
