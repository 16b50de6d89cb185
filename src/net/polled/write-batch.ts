/**
 * Outbox: what is written in the middle of a turn, and that nothing more will be, which leaves at its end.
 *
 * Whoever waits for a socket is woken by what is written to it, and a wake-up is half of what a write costs. A peer that
 * is given several answers one right after the other wakes up once: an eighth of an HTTP request.
 */

/** Who writes. */
export interface Sender {
  /**
   * `length` bytes of its own leave now; they lie `at` an address in memory. None are the end of what it writes. Must not
   * throw, nor write anything.
   */
  readonly sendBatched: (at: number, length: number) => void
}

/** Bytes that can wait, and how many writes. */
export const batchBytes = 256 * 1024
export const maxWrites = 512

/** A write of more does not wait: to copy it costs more than a wake-up. */
export const smallWrite = 16 * 1024

export class WriteBatch {
  /** Writes wait: the turn has not come to its end, and has several events. */
  isOpen = false
  private readonly bytes = new Uint8Array(batchBytes)
  private readonly at: number
  private used = 0
  private readonly senders: Array<Sender | undefined> = Array.from({ length: maxWrites }, () => undefined)
  /** Where the bytes of each write end; they begin where those before it do. */
  private readonly ends = new Int32Array(maxWrites)
  private count = 0

  constructor(addressOf: (bytes: Uint8Array) => number) {
    this.at = addressOf(this.bytes)
  }

  /** Copies `bytes` from `offset` to their end, if they may wait and there is room. */
  add(sender: Sender, bytes: Uint8Array, offset: number): boolean {
    const length = bytes.length - offset
    if (!this.isOpen || length > smallWrite) return false
    if (this.count === maxWrites || length > batchBytes - this.used) this.flush()
    this.bytes.set(offset === 0 ? bytes : bytes.subarray(offset), this.used)
    this.used += length
    this.senders[this.count] = sender
    this.ends[this.count++] = this.used
    return true
  }

  /** Everything leaves, in the order in which it was written. */
  flush(): void {
    let start = 0
    for (let i = 0; i < this.count; i++) {
      const end = this.ends[i]!
      this.senders[i]!.sendBatched(this.at + start, end - start)
      this.senders[i] = undefined
      start = end
    }
    this.count = 0
    this.used = 0
  }

  /** A copy of bytes that leave. */
  copy(at: number, length: number): Uint8Array {
    return this.bytes.slice(at - this.at, at - this.at + length)
  }
}
