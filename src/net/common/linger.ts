/**
 * Linger: the last words to a peer (RFC 9112 section 9.6). What was written is followed by FIN; what the peer still
 * sends is thrown away, so that no reset destroys the last words before they are read.
 *
 * The wait ends when the peer closes. It lasts as long as there is progress: the peer acknowledges what was written to
 * it, or goes on with a body that nobody wants. A peer that does neither is closed when its time is up; what the kernel
 * holds for it then is the kernel's to deliver.
 */
import { empty } from "../../protocol/bytes.ts"

import { after, cancel, type Deadline, type Expires } from "./deadline.ts"
import { uncertainBytes } from "./delivery.ts"
import type { End, Receiver } from "./end.ts"
import { enoughFor } from "./progress.ts"
import type { Cancellable } from "./cancellable.ts"

/** Milliseconds that a peer which has everything may take to close, or to go on sending. */
export const lingerTimeout = 5000
/** Bytes that it may still send: a request that was refused may have a large body behind it. */
export const lingerBytes = 1024 * 1024 * 1024

/** How the last words fared: all of them got there; the peer left before that; or it did not take them in time. */
export type LingerOutcome = "delivered" | "left" | "timeout"

/** Hears that the socket is closed: once, unless the wait is cancelled. */
export interface LingerOwner {
  readonly closed: (outcome: LingerOutcome) => void
}

/** Sends last words, which may be empty, then closes an end in order, or by force when the peer does not let it. */
export class Linger implements Receiver, Cancellable, Expires {
  private readonly end: End
  /** Milliseconds for which a peer may take nothing of what is there for it. */
  private readonly stallTimeout: number
  private owner: LingerOwner | undefined
  private tail: Uint8Array | undefined = undefined
  private deadline: Deadline | undefined = undefined
  /** The value of `sent` when everything is written. */
  private total = 0
  private discarded = 0
  // As it was when there was progress last.
  private delivered = true
  private acknowledged = 0
  private discardedThen = 0
  private progressAt = 0
  private timedOut = false

  constructor(end: End, stallTimeout: number, owner: LingerOwner | undefined) {
    this.end = end
    this.stallTimeout = stallTimeout
    this.owner = owner
  }

  /** May be over before it returns, where the end is closed already. */
  start(words: Uint8Array): void {
    const { end } = this
    this.total = end.sent + words.length
    if (!end.open) return this.closed()
    this.progressAt = performance.now()
    this.arm(this.progressAt)
    end.receiver = this
    this.speak(words)
    // Nearly always less, and it costs a call to know more.
    this.delivered = this.total < uncertainBytes
    this.acknowledged = this.delivered ? end.sent : end.sent - end.unacknowledged()
    // A client may send all of its request before it reads.
    end.resume()
  }

  /** Lets the kernel deliver what is whole; a peer that is owed more than it holds is reset. */
  cancel(): void {
    this.owner = undefined
    this.end.detach()
  }

  private speak(words: Uint8Array): void {
    const { end } = this
    const count = words.length === 0 ? 0 : end.write(words)
    this.tail = count >= 0 && count < words.length ? words.subarray(count) : undefined
    // Words that the kernel refused are missing: no FIN that looks complete. The end is closed, or its time is up.
    if (this.tail === undefined && count >= 0) end.shutdown()
  }

  private arm(now: number): void {
    this.deadline = after(Math.min(lingerTimeout, this.stallTimeout), this, now)
  }

  /** Goes on as long as there is progress. */
  expire(): void {
    const { end } = this
    const now = performance.now()
    const unacknowledged = end.unacknowledged()
    const acknowledged = end.sent - unacknowledged
    const delivered = this.tail === undefined && unacknowledged === 0
    const enough = enoughFor(lingerTimeout)
    if (delivered !== this.delivered || acknowledged - this.acknowledged >= enough) {
      this.delivered = delivered
      this.acknowledged = acknowledged
      this.progressAt = now
    }
    if (this.discarded - this.discardedThen >= enough) {
      this.discardedThen = this.discarded
      this.progressAt = now
    }
    if (now - this.progressAt < (delivered ? lingerTimeout : this.stallTimeout)) return this.arm(now)
    this.timedOut = true
    end.detach()
  }

  data(end: End, chunk: Uint8Array): void {
    this.discarded += chunk.length
    if (this.discarded > lingerBytes) end.detach()
  }

  drain(): void {
    if (this.tail !== undefined) this.speak(this.tail)
  }

  ended(): void {
    // Our FIN follows, or has followed, the last words; the socket then closes by itself.
  }

  closed(): void {
    cancel(this.deadline)
    const { owner } = this
    this.owner = undefined
    if (owner === undefined) return
    const delivered = this.tail === undefined && this.end.sent >= this.total
    owner.closed(delivered ? "delivered" : this.timedOut ? "timeout" : "left")
  }
}

/** Closes an end that nobody waits for, in order behind `words`, and in bounded time. */
export const discard = (end: End, stallTimeout: number, words: Uint8Array = empty): void => {
  if (end.open) new Linger(end, stallTimeout, undefined).start(words)
}
