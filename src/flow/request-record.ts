/**
 * Request record: one HTTP request and what became of it, for the access log. Holds no query, no field and no body:
 * nothing in it can be a secret.
 */
import type { Refusal } from "../protocol/refusal.ts"

import type { EndedBy, Phase } from "./flow.ts"

export interface RequestRecord {
  /** Its number within its connection, from 1; undefined where there was no request. */
  readonly n: number | undefined
  readonly method: string
  /** `host:port` that the client named. */
  readonly authority: string
  /** `host:port` that it went to; undefined where there was no request. */
  readonly target: string | undefined
  /** The path without its query. */
  readonly path: string
  /** The client's version of HTTP: 1.0 or 1.1; undefined where there was no request. */
  readonly version: "1.0" | "1.1" | undefined
  /** The origin's status; 0 when there was none. */
  readonly status: number
  /** When its head was complete, in milliseconds of the monotonic clock; and from then until its answer was over. */
  readonly started: number
  readonly elapsed: number
  /** Milliseconds that connecting took; undefined where a connection was at hand, or none was made. */
  readonly dialled: number | undefined
  /** Milliseconds from the connected target to the head of its answer; undefined without an answer. */
  readonly firstByte: number | undefined
  /** Bytes of the bodies that were passed on. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Who ended the request before its answer was whole, and where it stood then. */
  readonly endedBy: EndedBy | undefined
  readonly phase: Phase
  /** Why it was not answered, or not wholly. */
  readonly error: string | undefined
  readonly refusal: Refusal | undefined
  /** Whether it is a health check; false where that is unknown. */
  readonly isProbe: boolean
  /** Of which trace the request is a part: what trace-context.ts reads from it; undefined without a valid one. */
  readonly traceparent: string | undefined
}
