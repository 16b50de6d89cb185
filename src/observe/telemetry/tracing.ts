/**
 * Tracing: the place of each request in a trace, and its span where that is sampled.
 *
 * The trace and the parent are those of the request's `traceparent`; without one the request has a trace of its own.
 * Nothing of that is told to the peers: what passes stays as it is.
 */
import { randomBytes } from "node:crypto"

import type { RequestRecord } from "../../flow/request-record.ts"
import { isSampled, parentOf, traceOf } from "../../protocol/trace-context.ts"
import type { Entry } from "../access/entry.ts"
import type { Sampler } from "./sampler.ts"
import { type Span, type SpanContext, spanOf } from "./spans.ts"

/** Where a request stood that is over; undefined where it belongs to no trace. Exports its span if that is wanted. */
export type Tracing = (entry: Entry, record: RequestRecord) => SpanContext | undefined

/** `push` takes spans; undefined where none are exported. */
export const makeTracing =
  (push: ((span: Span) => void) | undefined, sampler: Sampler): Tracing =>
  (entry, record) => {
    const { traceparent, version, isProbe } = record
    const sampled = traceparent === undefined ? undefined : isSampled(traceparent)
    // A health check would be most of all spans, and a head that is no request is none.
    if (push === undefined || isProbe || version === undefined) {
      if (traceparent === undefined) return undefined
      return { traceId: traceOf(traceparent), spanId: parentOf(traceparent), sampled: sampled === true }
    }
    const traceId = traceparent === undefined ? randomId(16) : traceOf(traceparent)
    const context = { traceId, spanId: randomId(8), sampled: sampler(traceId, sampled) }
    if (context.sampled) push(spanOf(entry, record, context, { monotonic: performance.now(), epoch: Date.now() }))
    return context
  }

const randomId = (bytes: number): string => randomBytes(bytes).toString("hex")
