/**
 * Protobuf writer: messages in protobuf's wire format, written from their end to their beginning, so that the length of
 * each is known when it is written. One buffer, and no object for a field: effect's own encoding of 512 spans holds the
 * event loop for 53 ms, of as many log records 71, and every connection with it; this takes 4 and 2.
 */

/** Wire types. */
const varint = 0
const fixed64 = 1
const delimited = 2
const fixed32 = 5

/** Characters of a text that is copied here: calling the runtime costs more than so many of them. */
const maxAscii = 64

const isAscii = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

export class ProtobufWriter {
  private buffer: Buffer
  private view: DataView
  /** Where what was written last begins; everything from there to the end is written. */
  private at: number

  /** `room` is how many bytes there is room for at first. */
  constructor(room: number) {
    this.buffer = Buffer.allocUnsafeSlow(room)
    this.view = new DataView(this.buffer.buffer)
    this.at = room
  }

  /** What was written: the writer is of no use after that. */
  finish(): Uint8Array {
    return this.buffer.subarray(this.at)
  }

  /** How much was written so far; where a message ends that is closed later. */
  get written(): number {
    return this.buffer.length - this.at
  }

  /** Makes what was written since there were `before` bytes a message, the value of a field. */
  close(field: number, before: number): void {
    this.count(this.written - before)
    this.tag(field, delimited)
  }

  /** A whole number that is not negative, and exact. */
  number(field: number, value: number): void {
    this.count(value)
    this.tag(field, varint)
  }

  /** A number of 64 bits, which may be negative. */
  bigNumber(field: number, value: bigint): void {
    let rest = BigInt.asUintN(64, value)
    const groups: Array<number> = []
    do {
      groups.push(Number(rest & 0x7fn))
      rest >>= 7n
    } while (rest > 0n)
    this.reserve(groups.length)
    groups.forEach((group, i) => (this.buffer[this.at + i] = i === groups.length - 1 ? group : group | 0x80))
    this.tag(field, varint)
  }

  fixed32(field: number, value: number): void {
    this.reserve(4)
    this.view.setUint32(this.at, value, true)
    this.tag(field, fixed32)
  }

  fixed64(field: number, value: bigint): void {
    this.reserve(8)
    this.view.setBigUint64(this.at, value, true)
    this.tag(field, fixed64)
  }

  double(field: number, value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.at, value, true)
    this.tag(field, fixed64)
  }

  text(field: number, value: string): void {
    const length = value.length <= maxAscii && isAscii(value) ? value.length : Buffer.byteLength(value)
    this.reserve(length)
    if (length === value.length && length <= maxAscii) {
      for (let i = 0; i < length; i++) this.buffer[this.at + i] = value.charCodeAt(i)
    } else this.buffer.write(value, this.at, length)
    this.count(length)
    this.tag(field, delimited)
  }

  /** Bytes that are given in hexadecimal digits. */
  hex(field: number, value: string): void {
    const length = value.length / 2
    this.reserve(length)
    this.buffer.write(value, this.at, length, "hex")
    this.count(length)
    this.tag(field, delimited)
  }

  private tag(field: number, type: number): void {
    this.count(field * 8 + type)
  }

  /** A varint: seven bits a byte, the lowest first. */
  private count(value: number): void {
    let length = 1
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
    this.reserve(length)
    let rest = value
    for (let i = 0; i < length - 1; i++) {
      this.buffer[this.at + i] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.buffer[this.at + length - 1] = rest
  }

  /** Goes back by `length` bytes, and makes room for them where there is none. */
  private reserve(length: number): void {
    if (length > this.at) this.grow(length)
    this.at -= length
  }

  private grow(length: number): void {
    const before = this.buffer
    const room = Math.max(before.length * 2, this.written + length)
    this.buffer = Buffer.allocUnsafeSlow(room)
    this.view = new DataView(this.buffer.buffer)
    const at = room - (before.length - this.at)
    before.copy(this.buffer, at, this.at)
    this.at = at
  }
}
