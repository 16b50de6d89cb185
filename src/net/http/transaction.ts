/**
 * Transaction: one HTTP request on its way, and what has become of it.
 */
import type { RequestRecord } from "../../flow/request-record.ts"
import type { EndedBy, Phase } from "../../flow/flow.ts"
import type { Body } from "../../protocol/http/body.ts"
import type { RecordedMessages } from "../../protocol/http/passive/recorded-messages.ts"
import type { PreparedRequest } from "../../protocol/http/prepare.ts"
import type { Refusal } from "../../protocol/refusal.ts"
import type { Target } from "../../protocol/target.ts"

import type { ClientOriginLimits } from "./client-origins.ts"

export class Transaction implements RequestRecord {
  readonly n: number
  readonly prepared: PreparedRequest
  readonly origin: Target
  /** `host:port` of the origin: connections with the same key serve the same origin. */
  readonly key: string
  /** `host:port` that the client named, or that of the workload. */
  readonly authority: string
  /** The settings that held when it came. */
  readonly limits: ClientOriginLimits
  readonly started = performance.now()
  /** When the connection that it needed was made, if it needed one; and when its answer's head was here. */
  private connectedAt: number | undefined = undefined
  private answeredAt: number | undefined = undefined
  /** Interim answers so far. */
  interim = 0
  /** The origin's status; 0 until it answers. */
  status = 0
  /** The answer's body, once its head was passed on. */
  answer: Body | undefined = undefined
  /** Who is told of what passes, where somebody records it. */
  recorded: RecordedMessages | undefined = undefined
  /** How that body is framed. */
  framing = 0
  /** The origin will take another request on its connection. */
  originKeepAlive = false
  /** The client may send another request on its own. */
  clientKeepAlive = false
  /** All of its answer was passed on; its body may still be under way. */
  isAnswered = false
  /** The value of `sent` at the client's end when that has taken all of the answer. */
  endsAt = 0
  // How it ended, once it has.
  elapsed = 0
  endedBy: EndedBy | undefined = undefined
  phase: Phase = "data"
  error: string | undefined = undefined
  refusal: Refusal | undefined = undefined

  constructor(
    n: number,
    prepared: PreparedRequest,
    origin: Target,
    key: string,
    authority: string,
    limits: ClientOriginLimits,
  ) {
    this.n = n
    this.prepared = prepared
    this.origin = origin
    this.key = key
    this.authority = authority
    this.limits = limits
  }

  /** A connection was made for it. */
  connected(): void {
    this.connectedAt = performance.now()
  }

  /** The head of its answer has arrived, `now` on the monotonic clock. */
  answering(now: number): void {
    this.answeredAt = now
  }

  /** All of its answer has arrived, `now`. */
  whole(now: number): void {
    this.elapsed = now - this.started
  }

  /** When it was whole, on the monotonic clock. */
  get wholeAt(): number {
    return this.started + this.elapsed
  }

  /** Ends the request before its answer was whole: who ended it, and why. */
  end(endedBy: EndedBy, phase: Phase, error: string, refused: Refusal | undefined): void {
    this.elapsed = performance.now() - this.started
    this.endedBy = endedBy
    this.phase = phase
    this.error = error
    this.refusal = refused
  }

  get method(): string {
    return this.prepared.method
  }

  get target(): string {
    return this.key
  }

  get path(): string {
    return this.prepared.path
  }

  get version(): "1.0" | "1.1" {
    return this.prepared.minor === 1 ? "1.1" : "1.0"
  }

  get dialled(): number | undefined {
    return this.connectedAt === undefined ? undefined : this.connectedAt - this.started
  }

  get firstByte(): number | undefined {
    return this.answeredAt === undefined ? undefined : this.answeredAt - (this.connectedAt ?? this.started)
  }

  get isProbe(): boolean {
    return this.prepared.isProbe
  }

  get traceparent(): string | undefined {
    return this.prepared.traceparent
  }

  get bytesIn(): number {
    return this.prepared.body.passed
  }

  get bytesOut(): number {
    return this.answer?.passed ?? 0
  }
}

/** Makes the record of a head that is no request, for the access log. */
export const noRequest = (refused: Refusal): RequestRecord => ({
  n: undefined,
  method: "-",
  authority: "-",
  target: undefined,
  path: "-",
  version: undefined,
  status: 0,
  started: performance.now(),
  elapsed: 0,
  dialled: undefined,
  firstByte: undefined,
  endedBy: refused.reason === "request-timeout" ? "timeout" : "proxy",
  phase: "handshake",
  bytesIn: 0,
  bytesOut: 0,
  error: refused.reason,
  refusal: refused,
  isProbe: false,
  traceparent: undefined,
})
