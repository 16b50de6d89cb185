/** Both ends of one connection on loopback, each with an ear that remembers what it heard. */
import { expect } from "bun:test"

import type { End, Receiver } from "../../src/net/common/end.ts"
import { polledSockets } from "../../src/net/polled/polled-sockets.ts"
import { runtimeSockets } from "../../src/net/runtime/runtime-sockets.ts"
import type { SocketEnd } from "../../src/net/sockets/socket-end.ts"
import type { Sockets } from "../../src/net/sockets/sockets.ts"
import { address } from "./dialling.ts"
import { Condition, within } from "./within.ts"

const needed = (): Sockets => {
  const sockets = polledSockets()
  if ("reason" in sockets) throw new Error(`these tests need polled sockets: ${sockets.reason}`)
  return sockets
}

export const polled: Sockets = needed()

/** For `describe.each`. */
export const bothWays: ReadonlyArray<readonly [string, Sockets]> = [
  ["polled", polled],
  ["the runtime's", runtimeSockets],
]

export const loopback = address("127.0.0.1")

/** Bytes that are at no place what they are at another. */
export const pattern = (length: number, seed = 1): Uint8Array => {
  const words = new Uint32Array(Math.ceil(length / 4))
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + seed * 0x01000193, 0x9e3779b1)
  return new Uint8Array(words.buffer, 0, length)
}

/** Remembers what an end said, in order; data that comes in pieces is one entry. */
export class Ear implements Receiver {
  readonly heard: Array<string> = []
  private readonly condition = new Condition()

  private hear(what: string): void {
    this.heard.push(what)
    this.condition.changed()
  }

  data(_end: End, chunk: Uint8Array): void {
    const text = Buffer.from(chunk).toString("latin1")
    const last = this.heard.at(-1)
    if (last?.startsWith("data ")) this.heard[this.heard.length - 1] = last + text
    else this.heard.push(`data ${text}`)
    this.condition.changed()
  }
  drain(): void {
    this.condition.changed()
  }
  ended(): void {
    this.hear("ended")
  }
  closed(_end: End, code: string | undefined): void {
    this.hear(`closed ${code ?? "in order"}`)
  }

  /** Waits until exactly this was heard. */
  hears(...expected: ReadonlyArray<string>): Promise<true> {
    return this.condition.until(
      () => (this.heard.join("|") === expected.join("|") ? true : undefined),
      () => `[${shortened(expected)}]; heard were [${shortened(this.heard)}]`,
    )
  }
  until(holds: () => boolean, milliseconds?: number): Promise<true> {
    return this.condition.until(
      () => (holds() ? true : undefined),
      () => `the event; heard were [${shortened(this.heard)}]`,
      milliseconds,
    )
  }
}

const shortened = (heard: ReadonlyArray<string>): string => heard.map((each) => each.slice(0, 60)).join(", ")

/** Takes everything, and tells when it has as much as it should have. */
export class Sink implements Receiver {
  private readonly chunks: Array<Uint8Array> = []
  private readonly condition = new Condition()
  private have = 0
  ends = 0
  largest = 0
  /** "in order", a code, or undefined while it is open. */
  how: string | undefined
  /** It pauses its end behind each chunk. */
  pausing = false

  data(end: End, chunk: Uint8Array): void {
    if (this.pausing) end.pause()
    this.chunks.push(chunk.slice())
    this.have += chunk.length
    this.largest = Math.max(this.largest, chunk.length)
    this.condition.changed()
  }
  drain(): void {}
  ended(): void {
    this.ends++
    this.condition.changed()
  }
  closed(_end: End, code: string | undefined): void {
    expect(this.how).toBeUndefined()
    this.how = code ?? "in order"
    this.condition.changed()
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }
  until(holds: () => boolean): Promise<true> {
    return this.condition.until(
      () => (holds() ? true : undefined),
      () => `the event; there are ${this.have} bytes, ${this.ends} ends, closed ${this.how}`,
    )
  }
  has(length: number): Promise<true> {
    return this.until(() => this.have >= length)
  }
}

/** Writes `parts`, whenever there is room for them; then FIN. */
export class Pump implements Receiver {
  private readonly end: End
  private readonly parts: Array<Uint8Array>
  private offset = 0
  how: string | undefined

  constructor(end: End, parts: ReadonlyArray<Uint8Array>) {
    this.end = end
    this.parts = [...parts]
    end.receiver = this
  }
  drain(): void {
    while (this.parts.length > 0) {
      const part = this.parts[0]!
      const count = this.end.write(part, this.offset)
      if (count < 0) return
      this.offset += count
      if (this.offset < part.length) return
      this.parts.shift()
      this.offset = 0
    }
    this.end.shutdown()
  }
  data(): void {}
  ended(): void {}
  closed(_end: End, code: string | undefined): void {
    this.how = code ?? "in order"
  }
}

export interface Pair extends Disposable {
  readonly near: Ear
  readonly far: Ear
  /** The side that has connected. */
  readonly nearEnd: SocketEnd
  /** The side that was accepted. */
  readonly farEnd: SocketEnd
  readonly port: number
}

export const pairOf = async (sockets: Sockets): Promise<Pair> => {
  const accepted = Promise.withResolvers<SocketEnd>()
  const connected = Promise.withResolvers<SocketEnd>()
  const far = new Ear()
  const near = new Ear()
  const listener = sockets.listen(loopback, 0, (end) => {
    end.receiver = far
    accepted.resolve(end)
  })
  const { port } = listener
  const attempt = sockets.connect(loopback, port, {
    connected({ end }) {
      end.receiver = near
      connected.resolve(end)
    },
    failed: (_, code) => connected.reject(new Error(code)),
  })
  if (typeof attempt === "string") throw new Error(attempt)
  const nearEnd = await within(connected.promise, "connection")
  const farEnd = await within(accepted.promise, "connection")
  listener.stop()
  const close = (): void => {
    nearEnd.terminate()
    farEnd.terminate()
  }
  return { near, far, nearEnd, farEnd, port, [Symbol.dispose]: close }
}

/** Many pairs. */
export const pairsOf = async (sockets: Sockets, count: number): Promise<Array<Pair> & Disposable> => {
  const pairs: Array<Pair> = []
  for (let i = 0; i < count; i++) pairs.push(await pairOf(sockets))
  const close = (): void => {
    for (const pair of pairs) pair[Symbol.dispose]()
  }
  return Object.assign(pairs, { [Symbol.dispose]: close })
}

/** All ends of all pairs are closed. */
export const allClosed = async (pairs: ReadonlyArray<Pair>): Promise<void> => {
  while (pairs.some(({ nearEnd, farEnd }) => nearEnd.open || farEnd.open)) {
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
