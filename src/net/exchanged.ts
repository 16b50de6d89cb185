/**
 * Exchanged: one HTTP request on its way, and what has become of it.
 */
import type { Answered } from "../observe/answered.ts"
import type { EndedBy, Phase } from "../observe/flow.ts"
import type { Body } from "../protocol/http/body.ts"
import type { PreparedRequest } from "../protocol/http/prepare.ts"
import type { Refusal } from "../protocol/refusal.ts"
import type { Target } from "../protocol/target.ts"

import type { OriginLimits } from "./origin.ts"

export class Exchanged {
  readonly prepared: PreparedRequest
  readonly target: Target
  /** `host:port` of the target: connections with the same key serve the same origin. */
  readonly key: string
  /** `host:port` that the client named, or that of the workload. */
  readonly authority: string
  /** The settings that held when it came. */
  readonly limits: OriginLimits
  readonly started = performance.now()
  /** When the connection that it needed was made, if it needed one; and when its answer's head was here. */
  private connectedAt: number | undefined = undefined
  private answeredAt: number | undefined = undefined
  /** It was sent a second time. */
  retried = false
  /** Interim answers so far. */
  interim = 0
  /** The origin's status; 0 until it answers. */
  status = 0
  /** The answer's body, once its head was passed on. */
  answer: Body | undefined = undefined
  /** How that body is framed. */
  framing = 0
  /** The origin will take another request on its connection. */
  originStays = false
  /** The client may send another request on its own. */
  clientStays = false

  constructor(prepared: PreparedRequest, target: Target, key: string, authority: string, limits: OriginLimits) {
    this.prepared = prepared
    this.target = target
    this.key = key
    this.authority = authority
    this.limits = limits
  }

  /** A connection was made for it. */
  connected(): void {
    this.connectedAt = performance.now()
  }

  /** The head of its answer has arrived. */
  answering(): void {
    this.answeredAt = performance.now()
  }

  /** For the access log; `endedBy` and `error` say who ended it before it was whole, and why. */
  report(
    endedBy: EndedBy | undefined,
    phase: Phase,
    error: string | undefined,
    refused: Refusal | undefined,
  ): Answered {
    const { started, connectedAt, answeredAt } = this
    return {
      method: this.prepared.method,
      authority: this.authority,
      target: this.key,
      path: this.prepared.path,
      version: this.prepared.minor === 1 ? "1.1" : "1.0",
      status: this.status,
      elapsed: performance.now() - started,
      dialled: connectedAt === undefined ? undefined : connectedAt - started,
      firstByte: answeredAt === undefined ? undefined : answeredAt - (connectedAt ?? started),
      endedBy,
      phase,
      bytesIn: this.prepared.body.passed,
      bytesOut: this.answer?.passed ?? 0,
      error,
      refusal: refused,
    }
  }
}

/** What the access log tells of a head that is no request. */
export const noRequest = (refused: Refusal): Answered => ({
  method: "-",
  authority: "-",
  target: undefined,
  path: "-",
  version: undefined,
  status: 0,
  elapsed: 0,
  dialled: undefined,
  firstByte: undefined,
  endedBy: refused.reason === "request-timeout" ? "timeout" : "proxy",
  phase: "handshake",
  bytesIn: 0,
  bytesOut: 0,
  error: refused.reason,
  refusal: refused,
})
