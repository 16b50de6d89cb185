/**
 * Refusal reply: the one function by which a client is refused, in the protocol that the client speaks.
 */
import { empty } from "./bytes.ts"
import type { Refusal } from "./refusal.ts"

/** The form of a reply beside its reason; protocols other than HTTP ignore it. */
export interface RefusalForm {
  /** Announce that the connection closes. */
  readonly close: boolean
  /** The request may have a body in its answer: HEAD may not. */
  readonly body: boolean
}

/** A protocol that a client speaks: a row of the protocol table, or a handshake that is under way. */
export interface Spoken {
  /** The reply; empty where the protocol has none for this refusal. */
  readonly refused: (refusal: Refusal, form: RefusalForm) => Uint8Array
}

/** The form of what is said last on a connection. */
export const closing: RefusalForm = { close: true, body: true }

/** The bytes that refuse a client in the protocol that it speaks; none where it speaks none that is known. */
export const refusalReply = (spoken: Spoken | undefined, refusal: Refusal, form: RefusalForm = closing): Uint8Array =>
  spoken === undefined ? empty : spoken.refused(refusal, form)
