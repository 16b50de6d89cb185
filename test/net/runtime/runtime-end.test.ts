/** What only the runtime's ends have: no socket at first, and attempts that nobody can cancel. */
import { expect, test } from "bun:test"

import { nobody } from "../../../src/net/common/end.ts"
import { abandonedEnds, RuntimeEnd } from "../../../src/net/runtime/runtime-end.ts"
import { runtimeSockets } from "../../../src/net/runtime/runtime-sockets.ts"
import { openSockets } from "../../../src/net/sockets/socket-end.ts"
import { ascii } from "../../support/bytes.ts"
import { Ear, loopback, pairOf, pattern } from "../../support/pair.ts"
import { eventually } from "../../support/within.ts"

test("an end without a socket has no addresses, no descriptor and nothing unacknowledged, and has news", () => {
  const end = new RuntimeEnd(nobody)
  expect([end.localName(), end.remoteName(), end.descriptor]).toEqual([undefined, undefined, -1])
  expect([end.unacknowledged(), end.hasNews(), end.open, end.attached]).toEqual([0, true, true, false])
})

test("an end that is terminated before it has a socket is abandoned, unheard, until it connects", async () => {
  const base = abandonedEnds()
  const sockets = openSockets()
  const accepted: Array<Ear> = []
  const listener = runtimeSockets.listen(loopback, 0, (end) => {
    const ear = new Ear()
    end.receiver = ear
    accepted.push(ear)
  })
  const attempt = runtimeSockets.connect(loopback, listener.port, {
    connected: () => expect.unreachable(),
    failed: () => expect.unreachable(),
  })
  if (typeof attempt === "string") throw new Error(attempt)
  attempt.cancel()
  expect([abandonedEnds(), attempt.end.open]).toEqual([base + 1, true])
  await eventually(async () => attempt.end.open, false, "open")
  expect(abandonedEnds()).toBe(base)
  // Where the reset overtakes the accept nobody hears of the connection.
  await eventually(async () => openSockets(), sockets, "count of sockets")
  for (const { heard } of accepted) expect(heard.at(-1)).toStartWith("closed")
  listener.stop()
})

test("an end that is terminated before its attempt fails is abandoned no more then", async () => {
  const base = abandonedEnds()
  const listener = runtimeSockets.listen(loopback, 0, () => {})
  const { port } = listener
  listener.stop()
  const attempt = runtimeSockets.connect(loopback, port, {
    connected: () => expect.unreachable(),
    failed: () => expect.unreachable(),
  })
  if (typeof attempt === "string") throw new Error(attempt)
  attempt.cancel()
  await eventually(async () => abandonedEnds(), base, "count of abandoned ends")
})

test("an end counts as sent only what its peer has acknowledged, once it is terminated", async () => {
  using both = await pairOf(runtimeSockets)
  both.farEnd.pause()
  const chunk = pattern(1 << 20)
  while (both.nearEnd.write(chunk) === chunk.length);
  const { sent } = both.nearEnd
  const left = both.nearEnd.unacknowledged()
  expect(left).toBeGreaterThan(0)
  both.nearEnd.terminate()
  expect(both.nearEnd.sent).toBeWithin(sent - left, sent)
  expect(both.nearEnd.unacknowledged()).toBe(0)
  expect(both.nearEnd.write(ascii("x"))).toBe(-1)
})

test("an end that was shut down is detached: the peer gets the rest, and FIN", async () => {
  using both = await pairOf(runtimeSockets)
  both.farEnd.pause()
  both.nearEnd.write(ascii("last words"))
  both.nearEnd.shutdown()
  both.nearEnd.detach()
  await both.near.hears("closed in order")
  both.farEnd.resume()
  await both.far.hears("data last words", "ended")
})

test("an end that was not shut down is terminated by a detach", async () => {
  using both = await pairOf(runtimeSockets)
  both.nearEnd.detach()
  await both.far.until(() => both.far.heard.at(-1) === "closed ECONNRESET")
})
