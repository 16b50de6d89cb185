/**
 * Detect: which protocol a connection speaks, from its first bytes.
 *
 * One port takes every proxy protocol: each row of the protocol table is asked in turn. What is found is not consumed;
 * the handshake or the HTTP parser reads it again from the start, leading empty lines included. Nothing is allocated
 * but a refusal.
 */
import { type NeedMore, needMore } from "../handshake.ts"
import { leadingEmptyLines } from "../http/scan.ts"
import { type Refusal, refusal } from "../refusal.ts"
import {
  type Allowed,
  hex,
  maxHttpBytes,
  type ProtocolRow,
  type ProtocolTable,
  protocols,
  type Recognised,
} from "./protocols.ts"

/** These bytes are refused in the protocol `as`; without one the client speaks none of them, and gets no byte. */
export interface DetectRefuse {
  readonly _tag: "Refuse"
  readonly refusal: Refusal
  readonly as: ProtocolRow | undefined
}

export type Detected = NeedMore | Recognised | DetectRefuse

/** Detection with the usual table never needs more bytes than this: every other protocol is known from its first. */
export const maxDetectBytes = maxHttpBytes

/** Judges `input`, everything received so far, by at most its first `maxDetectBytes`. */
export const detect = (input: Uint8Array, allowed: Allowed, table: ProtocolTable = protocols): Detected => {
  const first = input[0]
  if (first === undefined) return needMore
  for (const row of table) {
    if (row.firstByte !== undefined && row.firstByte !== first) continue
    const found = row.recognise(input, allowed)
    if (found._tag === "Other") continue
    if (found._tag === "NeedMore") return found
    // Only what turned out to be this protocol: other bytes are not even answered.
    if (!row.isAllowed(allowed)) return notAllowed(row)
    return found._tag === "Refuse" ? { _tag: "Refuse", refusal: found.refusal, as: row } : found
  }
  return nothingKnown(input, first)
}

const notAllowed = (row: ProtocolRow): DetectRefuse => ({
  _tag: "Refuse",
  refusal: refusal("protocol-not-allowed", `${row.name} on a listener that does not take it`),
  as: row,
})

const nothingKnown = (input: Uint8Array, first: number): DetectRefuse => ({
  _tag: "Refuse",
  refusal: refusal("unknown-protocol", `byte ${hex(input[leadingEmptyLines(input)] ?? first)}`),
  as: undefined,
})
