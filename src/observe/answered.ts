/**
 * Answered: one HTTP request and what became of it, for the access log. Holds no query, no field and no body: nothing
 * in it can be a secret.
 */
import type { Refusal } from "../protocol/refusal.ts"

export interface Answered {
  readonly method: string
  /** `host:port` of the request's target. */
  readonly authority: string
  /** The path without its query. */
  readonly path: string
  /** The origin's status; 0 when there was none. */
  readonly status: number
  /** When its head was complete, on the monotonic clock, in milliseconds. */
  readonly started: number
  /** Bytes of the bodies that were passed on. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Why it was not answered, or not wholly. */
  readonly error: string | undefined
  readonly refusal: Refusal | undefined
}
