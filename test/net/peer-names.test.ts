/** Who a client is, as the log has it. */
import { expect, test } from "bun:test"
import { once } from "node:events"
import { connect } from "node:net"
import * as Effect from "effect/Effect"

import type { SocketEnd } from "../../src/net/end.ts"
import { listen } from "../../src/net/listener.ts"
import { makePeerNames } from "../../src/net/peer-names.ts"
import { parseAddress } from "../../src/protocol/address.ts"

/** Where a client of a listener on `bound` that connects to `to` comes from; its port must be the client's own. */
const hostOfClient = (bound: string, to: string): Promise<string> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const accepted = Promise.withResolvers<SocketEnd>()
        const listener = yield* listen("inbound", parseAddress(bound)!, 0, accepted.resolve)
        const client = connect(listener.port, to)
        yield* Effect.promise(() => once(client, "connect"))
        const end = yield* Effect.promise(() => accepted.promise)
        const names = makePeerNames()
        const name = names(end)
        // Asked again, and by the way of Bun, it is the same.
        expect(names(end)).toEqual(name)
        const { remoteAddress, remotePort } = end
        expect(names({ descriptor: -1, remoteAddress, remotePort })).toEqual(name)
        expect(name.port).toBe(client.localPort!)
        client.destroy()
        return name.host
      }),
    ),
  )

test.each([
  ["127.0.0.1", "127.0.0.1", "127.0.0.1"],
  ["::", "127.0.0.1", "127.0.0.1"],
  ["::", "::1", "[::1]"],
])("a client of a listener on %s that connects to %s is %s", async (bound, to, name) => {
  expect(await hostOfClient(bound, to)).toBe(name)
})

test("a socket that is gone is nobody", () => {
  expect(makePeerNames()({ descriptor: -1, remoteAddress: undefined, remotePort: 0 })).toEqual({ host: "-", port: 0 })
})
