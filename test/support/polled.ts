/** What tests of polled ends have beside `pair.ts`: full turns of the loop, libc without a poller, and programs of their own. */
import { dlopen, ptr } from "bun:ffi"
import { afterAll, beforeAll, expect } from "bun:test"
import { join } from "node:path"

import { type End, nobody } from "../../src/net/common/end.ts"
import type { Poller } from "../../src/net/polled/poller.ts"
import type { SocketEnd } from "../../src/net/sockets/socket-end.ts"
import { ascii } from "./bytes.ts"
import { type Pair, pairOf, pairsOf, polled } from "./pair.ts"
import { within } from "./within.ts"

export const pair = (): Promise<Pair> => pairOf(polled)

/** The poller that all polled ends share. */
export const pollerOf = (end: SocketEnd): Poller => (end as unknown as { readonly poller: Poller }).poller

/** Runs a function in the middle of a turn of several events, where what is written waits for its end. */
export type InFullTurn = (act: () => void) => Promise<void>

/** Full turns for the tests of one file: connections of which one hears something in the same turn as the other. */
export const useFullTurns = (): InFullTurn => {
  let stirring: Array<Pair> & Disposable
  beforeAll(async () => {
    stirring = await pairsOf(polled, 2)
  })
  afterAll(() => stirring[Symbol.dispose]())
  const stir = (): void => {
    for (const { nearEnd } of stirring) nearEnd.write(ascii("x"))
  }
  return async (act) => {
    const done = Promise.withResolvers<void>()
    let acted = false
    const hear = (end: End): void => {
      if (acted) return
      if (!pollerOf(end as SocketEnd).batch.isOpen) return void setImmediate(stir)
      acted = true
      try {
        act()
        done.resolve()
      } catch (error) {
        done.reject(error)
      }
    }
    for (const { farEnd } of stirring) farEnd.receiver = { ...nobody, data: hear }
    stir()
    await within(done.promise, "full turn")
  }
}

/** libc itself. */
export const { symbols: raw } = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  send: { args: ["i32", "ptr", "usize", "i32"], returns: "i64" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
})

/** For all that a test sends to a reader that is paused. */
export const makeRoom = (end: SocketEnd): void => {
  const [SOL_SOCKET, SO_RCVBUF] = [1, 8]
  expect(raw.setsockopt(end.descriptor, SOL_SOCKET, SO_RCVBUF, ptr(new Int32Array([1 << 20])), 4)).toBe(0)
}

/** Waits until the peer's kernel has everything. */
export const acknowledged = async (end: SocketEnd): Promise<void> => {
  const SIOCOUTQ = 0x5411
  const left = new Int32Array(1)
  const wait = async (): Promise<void> => {
    for (;;) {
      expect(raw.ioctl(end.descriptor, BigInt(SIOCOUTQ), ptr(left))).toBe(0)
      if (left[0] === 0) return
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  await within(wait(), "acknowledgement of everything")
}

const source = (name: string): string => join(import.meta.dir, "../../src", name)

/** The beginning of a program of its own. */
export const prelude = `
  const { polledSockets } = await import("${source("net/polled/polled-sockets.ts")}")
  const { nobody } = await import("${source("net/common/end.ts")}")
  const { parseAddress } = await import("${source("protocol/address.ts")}")
  const sockets = polledSockets()
  const loopback = parseAddress("127.0.0.1")
`

/** What a program prints, sorted. */
export const linesOf = async (program: string): Promise<Array<string>> => {
  const child = Bun.spawn([process.execPath, "-e", prelude + program], { stdout: "pipe", stderr: "inherit" })
  const killed = setTimeout(() => child.kill(), 3000)
  const output = await within(new Response(child.stdout).text(), "output")
  clearTimeout(killed)
  return output.trim().split("\n").toSorted()
}
