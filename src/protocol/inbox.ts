/**
 * Inbox: bytes that were received and not yet consumed, as one view.
 *
 * The usual case, one chunk that holds everything and is consumed at once, is never copied. Only what a peer splits is
 * gathered, in a buffer that doubles while it is small, so that a trickle costs time in proportion to its bytes.
 */
import { empty } from "./bytes.ts"

/** Bytes of a client that are held until something can be done with them; beyond that it is paused. */
export const maxHeldBytes = 64 * 1024

/**
 * The most room that is made ahead of need. What is gathered beyond this is not a trickle but a chunk of up to 512 KiB
 * behind one that fills the inbox; doubling that would hold more memory than bytes.
 */
const maxSlack = 64 * 1024

export class Inbox {
  private bytes: Uint8Array = empty
  private lent = false
  private start = 0
  private end = 0

  get length(): number {
    return this.end - this.start
  }

  /** Everything not yet consumed; valid until the next call of a method. */
  view(): Uint8Array {
    return this.start === 0 && this.end === this.bytes.length ? this.bytes : this.bytes.subarray(this.start, this.end)
  }

  /** Adds a chunk, which is only lent: who lends it calls `keep` before it is gone. */
  add(chunk: Uint8Array): void {
    if (this.length === 0) {
      this.bytes = chunk
      this.lent = true
      this.start = 0
      this.end = chunk.length
      return
    }
    const length = this.length + chunk.length
    // Only our own buffer is ever written to.
    if (this.lent || this.end + chunk.length > this.bytes.length) {
      this.moveTo(new Uint8Array(Math.max(256, length + Math.min(length, maxSlack))))
    }
    this.bytes.set(chunk, this.end)
    this.end += chunk.length
  }

  /** Copies what is left of a chunk that was lent. */
  keep(): void {
    if (this.lent && this.length > 0) this.moveTo(new Uint8Array(this.length))
  }

  private moveTo(room: Uint8Array): void {
    room.set(this.view())
    this.bytes = room
    this.lent = false
    this.end = this.length
    this.start = 0
  }

  /** Drops the first `count` bytes; an inbox that becomes empty lets go of its memory. */
  consume(count: number): void {
    this.start += count
    if (this.start < this.end) return
    this.bytes = empty
    this.lent = false
    this.start = 0
    this.end = 0
  }

  /** Takes everything out. */
  take(): Uint8Array {
    const all = this.view()
    this.consume(this.length)
    return all
  }
}
