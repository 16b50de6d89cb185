/**
 * Peer: one end of a raw TCP connection, a test's hand on the wire: as a client, and as what an origin accepted.
 *
 * Both directions are closed apart (`allowHalfOpen`). Text is latin1, one byte a character. Every wait has a deadline.
 */
import { connect as connectSocket, type Socket } from "node:net"
import { loadLibc } from "../../src/system/load-libc.ts"
import { Condition, within } from "./within.ts"

export class Peer {
  readonly socket: Socket
  /** The other side has sent FIN. */
  ended = false
  /** The connection was reset, by its error code; undefined as long as it was not. */
  failure: string | undefined
  /** Every byte received so far is counted, taken or not. */
  received = 0
  /** The port of this end, also after its end; what a proxy's log calls the client's port. */
  localPort = 0
  /** When it was made, in milliseconds since the epoch: its port may have been another peer's before. */
  readonly since = Date.now()
  /** Takes the chunks instead of the buffer when set: for more bytes than a test wants to keep. */
  sink: ((chunk: Uint8Array) => void) | undefined

  private buffer: Buffer = Buffer.alloc(0)
  private readonly condition = new Condition()

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on("data", (chunk: Buffer) => {
      this.received += chunk.length
      if (this.sink !== undefined) this.sink(chunk)
      else this.buffer = this.buffer.length === 0 ? chunk : Buffer.concat([this.buffer, chunk])
      this.condition.changed()
    })
    socket.on("end", () => {
      this.ended = true
      this.condition.changed()
    })
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      this.failure = cause.code ?? cause.message
      this.condition.changed()
    })
    socket.on("close", () => this.condition.changed())
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes)
    return this
  }

  /** Sends each byte in a segment of its own, as far as the kernel lets us. */
  async trickle(bytes: string | Uint8Array): Promise<void> {
    for (const byte of typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes) {
      await new Promise<void>((resolve) => this.socket.write(Uint8Array.of(byte), () => setImmediate(resolve)))
    }
  }

  /** Exactly `count` bytes. */
  read(count: number, milliseconds?: number): Promise<Buffer> {
    return this.take(`${count} bytes`, () => (this.buffer.length >= count ? count : undefined), milliseconds)
  }

  /** Everything up to and including `mark`. */
  async readUntil(mark: string, milliseconds?: number): Promise<string> {
    const bytes = await this.take(
      JSON.stringify(mark),
      () => {
        const at = this.buffer.indexOf(mark, 0, "latin1")
        return at < 0 ? undefined : at + mark.length
      },
      milliseconds,
    )
    return bytes.toString("latin1")
  }

  /** Exactly these bytes and not one other; fails with what came instead. */
  async expect(wanted: string | Uint8Array, milliseconds?: number): Promise<void> {
    const bytes = typeof wanted === "string" ? Buffer.from(wanted, "latin1") : Buffer.from(wanted)
    const got = await this.read(bytes.length, milliseconds)
    if (!got.equals(bytes)) throw new Error(`wanted ${show(bytes)}, got ${show(got)}`)
  }

  /** What is left up to an orderly end; fails if the connection is reset instead. */
  async readToEnd(milliseconds?: number): Promise<Buffer> {
    await this.condition.until(
      () => {
        if (this.failure !== undefined) throw new Error(`an end was due, but came ${this.failure}`)
        return this.ended ? true : undefined
      },
      () => `end of stream; so far ${show(this.buffer)}`,
      milliseconds,
    )
    const rest = this.buffer
    this.buffer = Buffer.alloc(0)
    return rest
  }

  /** Waits for the reset; fails if the connection ends in order instead. Bytes that came before it stay readable. */
  async untilReset(milliseconds?: number): Promise<void> {
    await this.condition.until(
      () => {
        if (this.failure !== undefined) return true
        if (this.ended) throw new Error("a reset was due, but the connection ended in order")
        return undefined
      },
      "reset",
      milliseconds,
    )
  }

  /** Waits until nothing more can come, however that is: "end" or "reset". */
  untilOver(milliseconds?: number): Promise<"end" | "reset"> {
    return this.condition.until(
      () => (this.failure !== undefined ? "reset" : this.ended ? "end" : undefined),
      () => `end or reset; so far ${show(this.buffer)}`,
      milliseconds,
    )
  }

  /** Waits until `count` bytes came in all, into the buffer or into the sink. */
  async untilReceived(count: number, milliseconds?: number): Promise<void> {
    await this.condition.until(
      () => {
        if (this.received >= count) return true
        if (this.failure !== undefined) throw new Error(`${this.failure} after ${this.received} of ${count} bytes`)
        if (this.ended) throw new Error(`the end came after ${this.received} of ${count} bytes`)
        return undefined
      },
      () => `${count} bytes (${this.received} so far)`,
      milliseconds,
    )
  }

  /** What has arrived and was not taken. */
  get pending(): Buffer {
    return this.buffer
  }

  /** Takes what has arrived, however much that is. */
  takePending(): Buffer {
    const taken = this.buffer
    this.buffer = Buffer.alloc(0)
    return taken
  }

  /** Reads no more until `resume`: the other side fills up the kernel's buffers and stalls. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** Has its kernel take no more than about this much that it has not read; from then on. */
  narrow(bytes: number): this {
    const SOL_SOCKET = 1
    const SO_RCVBUF = 8
    const { fd } = (this.socket as unknown as { readonly _handle: { readonly fd: number } })._handle
    const libc = loadLibc({ setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" } })
    const result = libc?.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, Int32Array.of(bytes), 4)
    if (result !== 0) throw new Error("the receive buffer is not to be had smaller")
    return this
  }

  /** FIN: no more bytes from here; reading goes on. */
  end(): this {
    this.socket.end()
    return this
  }

  /** RST. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  private async take(what: string, count: () => number | undefined, milliseconds?: number): Promise<Buffer> {
    const length = await this.condition.until(
      () => {
        const found = count()
        if (found !== undefined) return found
        const over = this.failure ?? (this.ended ? "the end" : undefined)
        if (over !== undefined) throw new Error(`${what} was due, but came ${over} after ${show(this.buffer)}`)
        return undefined
      },
      () => `${what}; so far ${show(this.buffer)}`,
      milliseconds,
    )
    const taken = this.buffer.subarray(0, length)
    this.buffer = this.buffer.subarray(length)
    return taken
  }
}

/** A raw connection to `port` on loopback. */
export const rawConnect = async (port: number, host = "127.0.0.1"): Promise<Peer> => {
  const socket = connectSocket({ port, host, allowHalfOpen: true })
  const peer = new Peer(socket)
  const connected = new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve)
    // A reset means that it was accepted: the peer reports it, as one that came later.
    socket.once("error", (cause: NodeJS.ErrnoException) => (cause.code === "ECONNRESET" ? resolve() : reject(cause)))
  })
  await within(connected, `connection to ${host}:${port}`)
  peer.localPort = socket.localPort ?? 0
  return peer
}

/** Bytes as a person can compare them: text where it is text, hex where it is not, and not too much of it. */
const show = (bytes: Buffer): string => {
  const text = bytes.subarray(0, 200).toString("latin1")
  const shown = /^[\t\r\n -~]*$/.test(text) ? JSON.stringify(text) : bytes.subarray(0, 200).toString("hex")
  return bytes.length > 200 ? `${shown}... (${bytes.length} bytes)` : shown
}
