/**
 * Exchanged: one HTTP request on its way, and what has become of it.
 */
import type { Answered } from "../observe/answered.ts"
import type { Body } from "../protocol/http/body.ts"
import type { PreparedRequest } from "../protocol/http/prepare.ts"
import type { Refusal } from "../protocol/refusal.ts"
import type { Target } from "../protocol/target.ts"

export class Exchanged {
  readonly prepared: PreparedRequest
  readonly target: Target
  /** `host:port` of the target: connections with the same key serve the same origin. */
  readonly key: string
  /** `host:port` that the client named, or that of the workload. */
  readonly authority: string
  readonly started = performance.now()
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

  constructor(prepared: PreparedRequest, target: Target, key: string, authority: string) {
    this.prepared = prepared
    this.target = target
    this.key = key
    this.authority = authority
  }

  /** For the access log; `error` says why it was not answered, or not wholly. */
  report(error: string | undefined, refused: Refusal | undefined): Answered {
    return {
      method: this.prepared.method,
      authority: this.authority,
      path: this.prepared.path,
      status: this.status,
      started: this.started,
      bytesIn: this.prepared.body.passed,
      bytesOut: this.answer?.passed ?? 0,
      error,
      refusal: refused,
    }
  }
}
