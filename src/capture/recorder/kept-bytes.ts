/**
 * KeptBytes: a copy of the first bytes of something, as far as a limit and the capture's memory let it. What does not fit
 * is left out; the copy never moves a byte more than a few times, however small the pieces are.
 */
import { empty } from "../../protocol/bytes.ts"

import type { Memory } from "./memory.ts"

/** The least room that is taken at once: most bodies and heads are no larger, or far larger. */
const leastRoom = 1024

export class KeptBytes {
  length = 0
  /** No more is taken. */
  isFull: boolean
  /** The capture's memory was too small for what came. */
  lacksMemory = false
  private bytes: Uint8Array = empty
  private readonly maxBytes: number
  private readonly memory: Memory
  private readonly leastRoom: number

  constructor(maxBytes: number, memory: Memory, room = leastRoom) {
    this.maxBytes = maxBytes
    this.memory = memory
    this.leastRoom = room
    this.isFull = maxBytes === 0
  }

  /** Copies of `input[start, end)` what still fits behind what is there. */
  append(input: Uint8Array, start: number, end: number): void {
    if (this.isFull) return
    const length = this.length + Math.min(end - start, this.maxBytes - this.length)
    if (length > this.bytes.length && !this.grow(length)) return
    const count = length - this.length
    if (count < 16) for (let i = 0; i < count; i++) this.bytes[this.length + i] = input[start + i]!
    else this.bytes.set(input.subarray(start, start + count), this.length)
    this.length = length
    this.isFull = length === this.maxBytes
  }

  /** Bytes of the capture's memory that this holds. */
  get held(): number {
    return this.bytes.length
  }

  /** What is kept so far, as a view that is to be read at once. */
  get view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  /** What is kept, as a view: it belongs to the caller, with its memory, and nothing more is taken. */
  take(): Uint8Array {
    this.isFull = true
    return this.bytes.subarray(0, this.length)
  }

  /** Forgets what is kept, and may take others. */
  clear(): void {
    this.memory.release(this.bytes.length)
    this.bytes = empty
    this.length = 0
    this.isFull = this.maxBytes === 0
  }

  /** Forgets what is kept, and takes nothing more. */
  close(): void {
    this.clear()
    this.isFull = true
  }

  private grow(length: number): boolean {
    const room = Math.min(this.maxBytes, Math.max(length, this.bytes.length * 2, this.leastRoom))
    if (!this.memory.reserve(room - this.bytes.length)) {
      this.lacksMemory = true
      this.isFull = true
      return false
    }
    const grown = new Uint8Array(room)
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
    return true
  }
}
