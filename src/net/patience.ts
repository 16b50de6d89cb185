/**
 * Patience: how long a client may take until its next request is whole.
 *
 * Between requests it may be silent for long; once a head has begun, the head has to end soon. The short deadline is
 * never taken back for the long one: what is not a request must not look like progress.
 */
import { after, cancel, type Deadline } from "./deadline.ts"

export class Patience {
  private deadline: Deadline | undefined = undefined
  private waitsFor: "request" | "rest" | undefined = undefined

  /** Waits for a request to begin; `expired` is called `milliseconds` after the first of repeated calls. */
  forRequest(milliseconds: number, expired: () => void): void {
    if (this.waitsFor === undefined) this.arm("request", milliseconds, expired)
  }

  /** A head has begun: waits for the rest of it. */
  forRest(milliseconds: number, expired: () => void): void {
    if (this.waitsFor !== "rest") this.arm("rest", milliseconds, expired)
  }

  /** The wait is over. */
  end(): void {
    if (this.waitsFor === undefined) return
    cancel(this.deadline)
    this.deadline = undefined
    this.waitsFor = undefined
  }

  private arm(what: "request" | "rest", milliseconds: number, expired: () => void): void {
    this.end()
    this.waitsFor = what
    this.deadline = after(milliseconds, expired)
  }
}
