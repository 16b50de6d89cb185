/**
 * Dialling: destinations on loopback that behave as no ordinary server does, and what a dial leaves behind.
 */
import { dlopen, ptr } from "bun:ffi"
import { readdirSync } from "node:fs"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Dialer, Dialled, DialOwner } from "../../src/net/dial/dialer.ts"
import { type Address, parseAddress } from "../../src/protocol/address.ts"
import type { Refusal } from "../../src/protocol/refusal.ts"
import type { Target } from "../../src/protocol/target.ts"

export const address = (text: string): Address => {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new TypeError(`${text} is no address`)
  return parsed
}

export const toAddress = (text: string, port: number): Target => ({ host: address(text), port })
export const toName = (name: string, port: number): Target => ({ host: { _tag: "Name", name }, port })

export class DialFailed extends Data.TaggedError("DialFailed")<{
  readonly refusal: Refusal
  readonly address: string | undefined
}> {}

export type Permit = DialOwner["permit"]

/** A dial as an effect; interrupting it cancels it. */
export const dial = (dialer: Dialer["Service"], target: Target, permit: Permit): Effect.Effect<Dialled, DialFailed> =>
  Effect.callback((resume) => {
    const dial = dialer.dial(target, {
      permit,
      connected: (dialled) => resume(Effect.succeed(dialled)),
      failed: (refusal, address) => resume(Effect.fail(new DialFailed({ refusal, address }))),
    })
    dial.start(performance.now())
    return Effect.sync(() => dial.cancel())
  })

/** How many descriptors this process has open. */
export const descriptors = (): number => readdirSync("/proc/self/fd").length

const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  accept: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  send: { args: ["i32", "ptr", "usize", "i32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
})

const check = (result: number | bigint, call: string): number => {
  if (result < 0) throw new Error(`${call} failed`)
  return Number(result)
}

/** A listening socket that does nothing by itself: nobody accepts unless the test says so, and that blocks. */
export class RawListener implements Disposable {
  readonly port: number
  private readonly fd: number
  private readonly socketAddress: Uint8Array
  private readonly queued: Array<number> = []

  /** Port 0 takes a free one. */
  constructor(host: string, port: number, backlog: number) {
    this.fd = check(libc.socket(2, 0o2000001, 0), "socket")
    this.socketAddress = new Uint8Array(16)
    this.socketAddress.set([2, 0, port >> 8, port & 0xff, ...address(host).bytes])
    check(libc.bind(this.fd, ptr(this.socketAddress), 16), "bind")
    check(libc.listen(this.fd, backlog), "listen")
    check(libc.getsockname(this.fd, ptr(this.socketAddress), ptr(new Uint32Array([16]))), "getsockname")
    this.port = (this.socketAddress[2]! << 8) | this.socketAddress[3]!
  }

  /** The next connection, which must be there: sends `text` on it, then FIN. */
  greet(text: string): void {
    const fd = check(libc.accept(this.fd, null, null), "accept")
    check(libc.send(fd, ptr(Buffer.from(text)), text.length, 0), "send")
    libc.close(fd)
  }

  /** Takes one connection from the queue and closes it. */
  makeRoom(): void {
    libc.close(check(libc.accept(this.fd, null, null), "accept"))
  }

  /** Connects until the queue is full: the kernel then drops every further SYN, as a black hole does. */
  fill(count: number): this {
    for (let i = 0; i < count; i++) {
      const fd = check(libc.socket(2, 0o2004001, 0), "socket")
      libc.connect(fd, ptr(this.socketAddress), 16)
      this.queued.push(fd)
    }
    return this
  }

  [Symbol.dispose](): void {
    for (const fd of [this.fd, ...this.queued]) libc.close(fd)
  }
}

/** A port of loopback that never answers. A backlog of 0 holds one connection. */
export const blackHole = (host = "127.0.0.1", port = 0): RawListener => new RawListener(host, port, 0).fill(1)
