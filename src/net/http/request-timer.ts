/**
 * Request timer: how long a client may take until its next request is whole.
 *
 * Between requests it may be silent for long; once a head has begun, the head has to end soon. The short deadline is
 * never taken back for the long one: what is not a request must not look like progress.
 */
import { after, cancel, type Deadline, type Expires } from "../common/deadline.ts"

/** Hears that a request did not come in time. */
export interface RequestTimerOwner {
  /** No request began in time. */
  readonly idle: () => void
  /** A head began, and did not end in time. */
  readonly headLate: () => void
}

export class RequestTimer implements Expires {
  private deadline: Deadline | undefined = undefined
  private waitsFor: "request" | "rest" | undefined = undefined
  private readonly owner: RequestTimerOwner

  constructor(owner: RequestTimerOwner) {
    this.owner = owner
  }

  /** Waits for a request to begin, until `milliseconds` after the first of repeated calls. */
  awaitRequest(milliseconds: number): void {
    if (this.waitsFor !== undefined) return
    this.waitsFor = "request"
    this.deadline = after(milliseconds, this)
  }

  /** A head has begun: waits for the rest of it. */
  awaitHead(milliseconds: number): void {
    if (this.waitsFor === "rest") return
    cancel(this.deadline)
    this.waitsFor = "rest"
    this.deadline = after(milliseconds, this)
  }

  /** The wait is over. */
  end(): void {
    if (this.waitsFor === undefined) return
    cancel(this.deadline)
    this.deadline = undefined
    this.waitsFor = undefined
  }

  expire(): void {
    if (this.waitsFor === "request") this.owner.idle()
    else this.owner.headLate()
  }
}
