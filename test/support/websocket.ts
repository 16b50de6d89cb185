/** WebSocket frames as bytes, for the tests of what reads them (RFC 6455 section 5.2). */
import { constants, createDeflateRaw } from "node:zlib"

import { opcodes, type Opcode } from "../../src/protocol/websocket/frame-reader.ts"
import { join } from "./bytes.ts"

export interface FrameParts {
  readonly op?: Opcode
  readonly payload?: string | Uint8Array
  readonly final?: boolean
  readonly compressed?: boolean
  /** Four bytes; none where absent. */
  readonly mask?: ReadonlyArray<number> | undefined
  /** The length is written in so many bytes, also where it would fit into fewer: 0, 2, 8. */
  readonly lengthBytes?: 0 | 2 | 8
}

export const frame = (parts: FrameParts): Uint8Array => {
  const { op = "text", payload = "", final = true, compressed = false, mask } = parts
  const content = typeof payload === "string" ? new TextEncoder().encode(payload) : payload
  const { length } = content
  const { lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8 } = parts
  const header = new DataView(new ArrayBuffer(2 + lengthBytes))
  header.setUint8(0, (final ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcodes[op])
  header.setUint8(1, (mask === undefined ? 0 : 0x80) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127))
  if (lengthBytes === 2) header.setUint16(2, length)
  if (lengthBytes === 8) header.setBigUint64(2, BigInt(length))
  const masked = mask === undefined ? content : content.map((byte, i) => byte ^ mask[i & 3]!)
  return join(new Uint8Array(header.buffer), Uint8Array.from(mask ?? []), masked)
}

/** A close frame. */
export const closeFrame = (code: number, reason = "", mask?: ReadonlyArray<number>): Uint8Array =>
  frame({ op: "close", payload: closePayload(code, reason), mask })

export const closePayload = (code: number, reason = ""): Uint8Array =>
  join(Uint8Array.of(code >> 8, code & 0xff), new TextEncoder().encode(reason))

/** Compresses messages one after another, each with the window of those before it (RFC 7692 section 7.2.1). */
export const deflateMessages = async (messages: ReadonlyArray<string>): Promise<ReadonlyArray<Uint8Array>> => {
  const stream = createDeflateRaw()
  let pieces: Array<Buffer> = []
  stream.on("data", (piece: Buffer) => void pieces.push(piece))
  const compressed: Array<Uint8Array> = []
  for (const message of messages) {
    pieces = []
    await new Promise<void>((resolve) => {
      stream.write(message)
      stream.flush(constants.Z_SYNC_FLUSH, resolve)
    })
    compressed.push(Uint8Array.from(Buffer.concat(pieces).subarray(0, -4)))
  }
  stream.destroy()
  return compressed
}
