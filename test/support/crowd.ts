/**
 * Crowd: thousands of raw connections, at the price of a few words each. For one connection that a test looks at
 * closely there is `Peer`; of a crowd it only counts what happens.
 */
import { connect, type Socket } from "bun"
import { Condition } from "./within.ts"

interface Member {
  received: number
  over: "end" | "reset" | undefined
  /** Called when more can be sent, or never will be. */
  go: (() => void) | undefined
}

/** Connections under way at once: more would overrun the 512 that may wait at a listener of Bun's. */
const maxWaiting = 256

export class Crowd {
  /** The sockets that connected, in no order. */
  readonly sockets: Array<Socket<Member>> = []
  /** Connections that the other side has ended in order, and those that it has reset. */
  ended = 0
  resets = 0
  /** Bytes that came, over all. */
  received = 0
  /** Connections on which at least one byte came. */
  answered = 0
  /** Of these, those to whom CONNECT was granted. */
  served = 0
  private readonly condition = new Condition()

  get over(): number {
    return this.ended + this.resets
  }

  /** Waits until `count` gives `wanted` or more. */
  async until(count: () => number, wanted: number, what: string, milliseconds = 20_000): Promise<void> {
    const attempt = (): true | undefined => (count() >= wanted ? true : undefined)
    await this.condition.until(attempt, () => `${wanted} ${what} (${count()} so far)`, milliseconds)
  }

  /** Everyone's connection is over, whoever ended it. */
  untilOver(milliseconds?: number): Promise<void> {
    return this.until(() => this.over, this.sockets.length, "connections over", milliseconds)
  }

  /** Each sends the same bytes, which must fit into a socket's buffer. */
  send(bytes: Uint8Array | string): this {
    for (const socket of this.sockets) if (socket.data.over === undefined) socket.write(bytes)
    return this
  }

  /** Each sends the same bytes, however many, as fast as they are taken; who is cut off sends no more. */
  async sendAll(bytes: Uint8Array): Promise<void> {
    await Promise.all(this.sockets.map((socket) => this.sendWhole(socket, bytes)))
  }

  /** RST from every one that is still there. */
  reset(): void {
    for (const socket of this.sockets) socket.terminate()
  }

  [Symbol.dispose](): void {
    this.reset()
  }

  /**
   * Adds `count` connections to `port` on loopback, each of which begins with `greeting`. Those that are refused, or
   * reset before they are ours, count as resets.
   */
  async join(count: number, port: number, greeting?: Uint8Array): Promise<this> {
    let left = count
    const one = async (): Promise<void> => {
      while (left-- > 0) await this.add(port, greeting)
    }
    await Promise.all(Array.from({ length: Math.min(count, maxWaiting) }, one))
    return this
  }

  private async sendWhole(socket: Socket<Member>, bytes: Uint8Array): Promise<void> {
    let sent = 0
    const { data } = socket
    while (sent < bytes.length && data.over === undefined) {
      const count = socket.write(bytes, sent, bytes.length - sent)
      if (count < 0) return
      sent += count
      if (sent < bytes.length) await new Promise<void>((resolve) => (data.go = resolve))
    }
  }

  private async add(port: number, greeting: Uint8Array | undefined): Promise<void> {
    try {
      const data: Member = { received: 0, over: undefined, go: undefined }
      const options = { hostname: "127.0.0.1", port, allowHalfOpen: true, data, socket: this.handlers }
      const socket = await connect<Member>(options)
      this.sockets.push(socket)
      if (greeting !== undefined) socket.write(greeting)
    } catch {
      this.resets++
      this.condition.changed()
    }
  }

  private readonly handlers = {
    data: (socket: Socket<Member>, chunk: Uint8Array): void => {
      if (socket.data.received === 0) this.answered++
      if (socket.data.received === 0 && Buffer.from(chunk).toString("latin1", 0, 12) === "HTTP/1.1 200") this.served++
      socket.data.received += chunk.length
      this.received += chunk.length
      this.condition.changed()
    },
    drain: (socket: Socket<Member>): void => socket.data.go?.(),
    end: (socket: Socket<Member>): void => {
      this.leave(socket, "end")
      socket.shutdown()
    },
    close: (socket: Socket<Member>, error?: unknown): void =>
      this.leave(socket, error === undefined || error === null ? "end" : "reset"),
    error: (socket: Socket<Member>): void => this.leave(socket, "reset"),
    connectError(): void {},
  }

  private leave(socket: Socket<Member>, how: "end" | "reset"): void {
    if (socket.data.over !== undefined) return
    socket.data.over = how
    socket.data.go?.()
    if (how === "end") this.ended++
    else this.resets++
    this.condition.changed()
  }
}

/** `count` connections to `port` on loopback. */
export const crowd = (count: number, port: number): Promise<Crowd> => new Crowd().join(count, port)
