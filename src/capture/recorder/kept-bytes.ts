/**
 * KeptBytes: a copy of the first bytes of something, as far as a limit and the capture's memory let it. What does not fit
 * is left out; the copy never moves a byte more than a few times, however small the pieces are.
 */
import { empty } from "../../protocol/bytes.ts"

import type { Memory } from "./memory.ts"

/** The least room that is taken for a second piece: what comes in several is rarely small. */
const leastRoom = 1024

/** Pieces up to this many bytes are copied one by one: cheaper than making a view to copy. */
const maxCopied = 96

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
    const { bytes } = this
    const count = length - this.length
    if (count > maxCopied) bytes.set(input.subarray(start, start + count), this.length)
    else for (let from = start, to = this.length; to < length;) bytes[to++] = input[from++]!
    this.length = length
    this.isFull = length === this.maxBytes
  }

  /** Bytes of the capture's memory that this holds. */
  get held(): number {
    return this.bytes.length
  }

  /** What is kept so far, perhaps as a view, to be read at once. */
  get view(): Uint8Array {
    return this.length === this.bytes.length ? this.bytes : this.bytes.subarray(0, this.length)
  }

  /** What is kept: it belongs to the caller, with its memory, and nothing more is taken. */
  take(): Uint8Array {
    this.isFull = true
    return this.view
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
    // Most come in one piece, which needs no room for another.
    const more = this.length === 0 ? 0 : Math.max(this.bytes.length * 2, this.leastRoom)
    const room = Math.min(this.maxBytes, Math.max(length, more))
    if (!this.memory.reserve(room - this.bytes.length)) {
      this.lacksMemory = true
      this.isFull = true
      return false
    }
    const grown = new Uint8Array(room)
    if (this.length > 0) grown.set(this.view)
    this.bytes = grown
    return true
  }
}
