/**
 * Half-close: bounds how long two ends may go on after one of them has finished. The time is given again for every
 * period in which enough was acknowledged: a long answer to a finished request is no leak, a trickle that holds
 * descriptors is one.
 */
import { after, cancel, type Deadline, type Expires } from "./deadline.ts"
import { enoughFor } from "./progress.ts"

/** The owner of the two ends. */
export interface HalfCloseOwner {
  /** Milliseconds for a period; read when one begins, for a reload may change it. */
  readonly halfCloseTimeout: () => number
  /** Bytes that the peers of both ends have acknowledged so far. */
  readonly acknowledged: () => number
  /** A period has passed without progress. Nothing is armed then. */
  readonly halfCloseExpired: () => void
}

export class HalfClose implements Expires {
  private readonly owner: HalfCloseOwner
  private timeout = 0
  /** Bytes that had been acknowledged when the period began. */
  private progress = 0
  private deadline: Deadline | undefined = undefined

  /** Begins a period. */
  constructor(owner: HalfCloseOwner) {
    this.owner = owner
    this.arm()
  }

  private arm(): void {
    this.timeout = this.owner.halfCloseTimeout()
    this.progress = this.owner.acknowledged()
    this.deadline = after(this.timeout, this)
  }

  expire(): void {
    if (this.owner.acknowledged() - this.progress >= enoughFor(this.timeout)) this.arm()
    else this.owner.halfCloseExpired()
  }

  cancel(): void {
    cancel(this.deadline)
  }
}
