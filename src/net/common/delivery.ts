/**
 * Delivery: waits until the peer of an end has acknowledged what was written to it.
 *
 * The kernel does not report that, so it is asked: soon at first, then seldom. What fits into any peer's window is not
 * worth a question.
 */
import { after, cancel, type Deadline, type Expires } from "./deadline.ts"
import type { End } from "./end.ts"
import { enoughFor } from "./progress.ts"
import type { Cancellable } from "./cancellable.ts"

/** Hears one of the two, once, unless the wait is cancelled. */
export interface DeliveryOwner {
  /** The peer has acknowledged everything. */
  readonly delivered: () => void
  /** The peer took nothing, or a trickle, for as long as it may. */
  readonly stalled: () => void
}

/** Milliseconds until the first look, which doubles from look to look, and between two looks at most. */
const firstLook = 10
const maxLook = 1000

/** Where less than this was written to an end it counts as delivered: it fits into any window, and a question costs a call. */
export const uncertainBytes = 64 * 1024

/** Returns how many of the bytes that were sent to an end its peer has acknowledged. */
export const acknowledgedBy = (end: End): number =>
  end.sent < uncertainBytes ? end.sent : end.sent - end.unacknowledged()

export class Delivery implements Cancellable, Expires {
  private readonly end: End
  private readonly total: number
  private readonly stallTimeout: number
  private readonly owner: DeliveryOwner
  private every = firstLook
  private acknowledged: number
  private progressAt = performance.now()
  private deadline: Deadline

  /**
   * Waits for the first `total` bytes that were or will be `sent`. The owner hears that they `stalled` when the peer has
   * made no progress for `stallTimeout` milliseconds.
   */
  constructor(end: End, total: number, stallTimeout: number, owner: DeliveryOwner) {
    this.end = end
    this.total = total
    this.stallTimeout = stallTimeout
    this.owner = owner
    this.acknowledged = end.sent - end.unacknowledged()
    this.deadline = after(this.every, this)
  }

  /** Asks now whether everything has got there. */
  get isWhole(): boolean {
    return this.end.sent - this.end.unacknowledged() >= this.total
  }

  /** Looks how far the delivery has got. */
  expire(): void {
    const acknowledged = this.end.sent - this.end.unacknowledged()
    if (acknowledged >= this.total) return this.owner.delivered()
    const now = performance.now()
    if (acknowledged - this.acknowledged >= enoughFor(maxLook)) {
      this.acknowledged = acknowledged
      this.progressAt = now
    } else if (now - this.progressAt >= this.stallTimeout) return this.owner.stalled()
    this.every = Math.min(2 * this.every, maxLook)
    this.deadline = after(Math.min(this.every, this.stallTimeout), this, now)
  }

  cancel(): void {
    cancel(this.deadline)
  }
}
