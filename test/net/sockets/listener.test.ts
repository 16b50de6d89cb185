/** A listener as a scoped resource: stopped with its scope, and a typed error where it cannot be opened. */
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"

import { ListenFailed } from "../../../src/flow/listen-failed.ts"
import { listen } from "../../../src/net/sockets/listener.ts"
import type { Sockets } from "../../../src/net/sockets/sockets.ts"
import { bothWays, loopback } from "../../support/pair.ts"

const accept = (): void => {}

test("is stopped once, when its scope closes and not before", async () => {
  const calls: Array<string> = []
  const sockets: Pick<Sockets, "listen"> = {
    listen: (address, port) => {
      calls.push(`listen ${address.text} ${port}`)
      return { port: 7, stop: () => void calls.push("stop") }
    },
  }
  const used = Effect.gen(function* () {
    const listener = yield* listen(sockets, "inbound", loopback, 0, accept)
    expect([listener.address, listener.port]).toEqual([loopback, 7])
    calls.push("used")
  })
  await Effect.runPromise(Effect.scoped(used))
  expect(calls).toEqual(["listen 127.0.0.1 0", "used", "stop"])
})

test.each(bothWays)(
  "by %s sockets: a port in use is a ListenFailed that names the port, and free afterwards",
  async (_, sockets) => {
    const twice = Effect.gen(function* () {
      const { port } = yield* listen(sockets, "inbound", loopback, 0, accept)
      const error = yield* Effect.flip(listen(sockets, "admin", loopback, port, accept))
      expect(error).toBeInstanceOf(ListenFailed)
      expect([error.what, error.address, error.port, error.code]).toEqual(["admin", "127.0.0.1", port, "EADDRINUSE"])
      return port
    })
    const port = await Effect.runPromise(Effect.scoped(twice))
    await Effect.runPromise(Effect.scoped(listen(sockets, "inbound", loopback, port, accept)))
  },
)
