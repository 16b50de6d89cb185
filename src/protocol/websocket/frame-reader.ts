/**
 * FrameReader: the frames of one direction of a WebSocket connection (RFC 6455 section 5.2), however their bytes arrive.
 *
 * Reads copies and can change nothing. Lenient where it is certain what a frame is: with or without a mask, a length that
 * could be written shorter, frames behind a close. Where it is not, the reader says why and reads no further: one byte that
 * was misread would make frames of whatever follows. Keeps a header at most; payload is lent, masked as it was sent.
 */

/** By their numbers (section 11.8). */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
export type Opcode = keyof typeof opcodes

const names: ReadonlyArray<Opcode | undefined> = Array.from({ length: 16 }, (_, number) =>
  (Object.keys(opcodes) as ReadonlyArray<Opcode>).find((name) => opcodes[name] === number),
)

/** Bytes of payload that a control frame may have (section 5.5). */
export const maxControlBytes = 125

/** Two bytes, a length of 64 bits and a mask. */
const maxHeaderBytes = 14

const finBit = 0x80
/** RSV1: with permessage-deflate, the first frame of a message that was compressed (RFC 7692 section 6). */
const compressedBit = 0x40
const otherReservedBits = 0x30
const controlBit = 0x08
const maskBit = 0x80

/** Hears of frames one after another. All bytes are lent. */
export interface FrameOwner {
  /** A header is whole: the fields of `frame` hold it until the next one. */
  readonly frameBegan: (frame: FrameReader) => void
  /** Payload of that frame in `bytes[start, end)`. */
  readonly framePayload: (bytes: Uint8Array, start: number, end: number) => void
  /** That frame is whole. */
  readonly frameEnded: (frame: FrameReader) => void
}

export class FrameReader {
  /** Why no frame can be read from here on. */
  problem: string | undefined = undefined
  // The frame whose header was read last.
  op: Opcode = "continuation"
  isFinal = false
  isCompressed = false
  /** Bytes of its payload. */
  size = 0
  /** The four bytes of its mask as a number, big-endian; 0 where there is none, which masks as 0 does. */
  mask = 0

  private readonly owner: FrameOwner
  /** permessage-deflate was agreed on. */
  private readonly mayCompress: boolean
  private readonly header = new Uint8Array(maxHeaderBytes)
  private headerBytes = 0
  private remaining = 0
  private isInPayload = false
  /** A message has begun, and its last frame has not. */
  private isFragmented = false

  constructor(mayCompress: boolean, owner: FrameOwner) {
    this.mayCompress = mayCompress
    this.owner = owner
  }

  /** Bytes of payload that are still to come of the frame that has begun. */
  get payloadLeft(): number {
    return this.remaining
  }

  /** Bytes of a header that is not whole. */
  get partial(): number {
    return this.headerBytes
  }

  /** Takes `bytes[start, end)`. */
  read(bytes: Uint8Array, start: number, end: number): void {
    let at = start
    while (at < end && this.problem === undefined) {
      if (this.isInPayload) {
        const next = Math.min(end, at + this.remaining)
        this.owner.framePayload(bytes, at, next)
        this.skip(next - at)
        at = next
      } else this.takeHeaderByte(bytes[at++]!)
    }
  }

  /** Notes that `count` bytes, at most `payloadLeft`, have passed unseen. */
  skip(count: number): void {
    if (!this.isInPayload) return
    this.remaining -= count
    if (this.remaining === 0) this.end()
  }

  private takeHeaderByte(byte: number): void {
    const { header } = this
    header[this.headerBytes++] = byte
    if (this.headerBytes === 1) this.problem = this.judge(byte)
    else if (this.headerBytes === headerLength(header[1]!)) this.begin()
  }

  /** What is wrong with a frame that begins with this byte. */
  private judge(byte: number): string | undefined {
    const op = names[byte & 0x0f]
    if (op === undefined) return `a frame of the reserved opcode ${byte & 0x0f}`
    if ((byte & otherReservedBits) !== 0) return "a reserved bit that no known extension explains"
    const isControl = (byte & controlBit) !== 0
    const isFirst = op === "text" || op === "binary"
    if ((byte & compressedBit) !== 0 && !(this.mayCompress && isFirst)) {
      return isFirst ? "a reserved bit that no extension explains" : `a reserved bit in a frame of ${op}`
    }
    if (isControl) return (byte & finBit) === 0 ? `a fragment of ${op}` : undefined
    if (isFirst && this.isFragmented) return "a message that begins in another one"
    return !isFirst && !this.isFragmented ? "a continuation of nothing" : undefined
  }

  private begin(): void {
    const { header } = this
    const [first, second] = [header[0]!, header[1]!]
    const length = second & 0x7f
    const isControl = (first & controlBit) !== 0
    if (isControl && length > maxControlBytes) return void (this.problem = "a control frame over 125 bytes")
    const maskStart = 2 + lengthBytes(length)
    this.size = lengthBytes(length) === 0 ? length : numberAt(header, 2, maskStart)
    if (!Number.isSafeInteger(this.size)) return void (this.problem = "a frame over 2^53 bytes")
    this.op = names[first & 0x0f]!
    this.isFinal = (first & finBit) !== 0
    this.isCompressed = (first & compressedBit) !== 0
    this.mask = (second & maskBit) === 0 ? 0 : numberAt(header, maskStart, maskStart + 4)
    if (!isControl) this.isFragmented = !this.isFinal
    this.headerBytes = 0
    this.remaining = this.size
    this.isInPayload = true
    this.owner.frameBegan(this)
    if (this.size === 0) this.end()
  }

  private end(): void {
    this.isInPayload = false
    this.owner.frameEnded(this)
  }
}

const lengthBytes = (length: number): number => (length === 127 ? 8 : length === 126 ? 2 : 0)

const headerLength = (second: number): number => 2 + lengthBytes(second & 0x7f) + ((second & maskBit) === 0 ? 0 : 4)

/** A big-endian number. One beyond 2^53 comes out as no safe integer. */
const numberAt = (bytes: Uint8Array, start: number, end: number): number => {
  let number = 0
  for (let at = start; at < end; at++) number = number * 256 + bytes[at]!
  return number
}
