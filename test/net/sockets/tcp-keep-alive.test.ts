/** Sockets that last get their probes; those that are short never cost any. */
import { expect, test } from "bun:test"

import { type KeepAliveSocket, TcpKeepAlive } from "../../../src/net/sockets/tcp-keep-alive.ts"
import { within } from "../../support/within.ts"

class Socket implements KeepAliveSocket {
  waitsSince = 0
  previous: KeepAliveSocket | undefined = undefined
  next: KeepAliveSocket | undefined = undefined
  readonly enableKeepAlive: () => void
  probes = 0
  private readonly promise: Promise<number>

  constructor() {
    const { promise, resolve } = Promise.withResolvers<number>()
    this.promise = promise
    this.enableKeepAlive = () => {
      this.probes++
      resolve(performance.now())
    }
  }

  probed(): Promise<number> {
    return within(this.promise, "probes")
  }
}

test("a socket that lasts is probed once, and not before its time", async () => {
  const probing = new TcpKeepAlive(30)
  const socket = new Socket()
  const started = performance.now()
  probing.await(socket)
  expect((await socket.probed()) - started).toBeGreaterThanOrEqual(29)
  const next = new Socket()
  probing.await(next)
  await next.probed()
  expect(socket.probes).toBe(1)
})

test("sockets that are closed before are not, wherever they stand in the line", async () => {
  for (const closed of [[0], [4], [2], [0, 1], [3, 4], [1, 2, 3], [0, 1, 2, 3]]) {
    const probing = new TcpKeepAlive(10)
    const sockets = Array.from({ length: 5 }, () => new Socket())
    for (const socket of sockets) probing.await(socket)
    for (const index of closed) probing.forget(sockets[index]!)
    for (const index of closed) probing.forget(sockets[index]!)
    await Promise.all(sockets.filter((_, index) => !closed.includes(index)).map((socket) => socket.probed()))
    expect(sockets.map(({ probes }) => probes)).toEqual(sockets.map((_, index) => (closed.includes(index) ? 0 : 1)))
  }
})

test("one that was opened while others wait has its own time", async () => {
  const probing = new TcpKeepAlive(40)
  const first = new Socket()
  probing.await(first)
  await Bun.sleep(20)
  const second = new Socket()
  const started = performance.now()
  probing.await(second)
  await first.probed()
  expect(second.probes).toBe(0)
  expect((await second.probed()) - started).toBeGreaterThanOrEqual(39)
})
