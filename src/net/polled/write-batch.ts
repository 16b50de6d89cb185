/**
 * Write batch: collects small writes, and FINs, during a turn and sends them at its end.
 *
 * A write wakes the process that waits for the socket, and a wake-up is half of what a write costs. A peer that gets
 * several answers one right after the other wakes up once: this saves an eighth of an HTTP request.
 */

/** The writer of batched bytes. */
export interface Sender {
  /**
   * Sends `length` bytes, which lie `at` an address in memory, to the kernel; 0 bytes stand for FIN. Must not throw,
   * nor write anything to the batch.
   */
  readonly sendBatched: (at: number, length: number) => void
}

/** Bytes, and writes, that a batch holds at most. */
export const batchBytes = 256 * 1024
export const maxWrites = 512

/** Larger writes do not wait: copying them costs more than a wake-up. */
export const smallWrite = 16 * 1024

export class WriteBatch {
  /** True while writes wait: during a turn of several events. */
  isOpen = false
  private readonly bytes = new Uint8Array(batchBytes)
  private readonly at: number
  private used = 0
  private readonly senders: Array<Sender | undefined> = Array.from({ length: maxWrites }, () => undefined)
  /** Where the bytes of each write end; they begin where those of the write before end. */
  private readonly ends = new Int32Array(maxWrites)
  private count = 0

  constructor(addressOf: (bytes: Uint8Array) => number) {
    this.at = addressOf(this.bytes)
  }

  /** Copies `bytes` from `offset` to their end, if they may wait; returns whether they do. Flushes to make room. */
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

  /** Sends everything, in the order in which it was written. */
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

  /** Copies bytes that are being sent. */
  copy(at: number, length: number): Uint8Array {
    return this.bytes.slice(at - this.at, at - this.at + length)
  }
}
