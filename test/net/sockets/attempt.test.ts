import { ptr } from "bun:ffi"
import { expect, test } from "bun:test"
import { openSync } from "node:fs"
import { constants } from "node:os"

import { type Attempt, isSelfConnected } from "../../../src/net/sockets/attempt.ts"
import { nobody } from "../../../src/net/common/end.ts"
import { openSocketCalls } from "../../../src/net/sockets/socket-calls.ts"
import { PolledEnd } from "../../../src/net/polled/polled-end.ts"
import { Poller } from "../../../src/net/polled/poller.ts"
import { maxAbandoned, runtimeSockets } from "../../../src/net/runtime/runtime-sockets.ts"
import { openSockets } from "../../../src/net/sockets/socket-end.ts"
import { address, blackHole, descriptors } from "../../support/dialling.ts"
import { within } from "../../support/within.ts"
import { polled } from "../../support/pair.ts"

const unheard = { connected() {}, failed() {} }

test("an error that connect(2) gives at once is told by its own name", () => {
  expect(polled.connect(address("255.255.255.255"), 80, unheard)).toBe("ENETUNREACH")
})

test("a connection that is refused at once leaves no descriptor behind, and is no open socket", () => {
  const base = descriptors()
  const open = openSockets()
  for (let i = 0; i < 100; i++) polled.connect(address("255.255.255.255"), 80, unheard)
  expect([descriptors(), openSockets()]).toEqual([base, open])
})

test("a descriptor that epoll does not take is closed again", () => {
  const libc = openSocketCalls()!
  const [epoll, other] = [libc.epoll(), libc.epoll()]
  const poller = new Poller(libc, epoll, other, ptr)
  const base = descriptors()
  const open = openSockets()
  // It takes no regular files.
  expect(PolledEnd.connecting(poller, openSync("/etc/hosts", "r"), nobody)).toBe(-constants.errno.EPERM)
  expect(PolledEnd.accepted(poller, openSync("/etc/hosts", "r"))).toBe(-constants.errno.EPERM)
  expect([descriptors(), openSockets()]).toEqual([base, open])
  for (const fd of [epoll, other]) libc.close(fd)
})

test("an attempt that is cancelled is gone at once, unheard, and is no open socket", () => {
  using hole = blackHole()
  const base = descriptors()
  const open = openSockets()
  const attempt = polled.connect(address("127.0.0.1"), hole.port, {
    connected: () => expect.unreachable(),
    failed: () => expect.unreachable(),
  })
  expect([descriptors(), openSockets()]).toEqual([base + 1, open + 1])
  if (typeof attempt !== "string") attempt.cancel()
  expect([descriptors(), openSockets()]).toEqual([base, open])
})

test("neither way tells a failure before it has returned", async () => {
  const port = ((): number => {
    const listener = polled.listen(address("127.0.0.1"), 0, () => {})
    listener.stop()
    return listener.port
  })()
  for (const { connect } of [polled, runtimeSockets]) {
    const { promise, resolve } = Promise.withResolvers<string>()
    let returned = false
    connect(address("127.0.0.1"), port, { connected() {}, failed: (_, code) => resolve(returned ? code : "too early") })
    returned = true
    expect(await within(promise, "failure")).toBe("ECONNREFUSED")
  }
})

test("the runtime's way never tells a failure before it has returned, also one that is there at once", async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  let returned = false
  runtimeSockets.connect(address("255.255.255.255"), 80, {
    connected() {},
    failed: (_, code) => resolve(returned ? code : "too early"),
  })
  returned = true
  // The name is Bun's, and wrong: the true one is ENETUNREACH.
  expect(await within(promise, "failure")).toBe("ECONNREFUSED")
})

test("attempts that were given up but cannot be cancelled are bounded", async () => {
  const { connect } = runtimeSockets
  const started: Array<Attempt | string> = []
  const base = descriptors()
  const hole = blackHole()
  for (let i = 0; i < maxAbandoned; i++) started.push(connect(address("127.0.0.1"), hole.port, unheard))
  for (const attempt of started) if (typeof attempt !== "string") attempt.cancel()
  expect(connect(address("127.0.0.1"), hole.port, unheard)).toBe("EMFILE")
  hole[Symbol.dispose]()
  // The next SYN of each meets a closed port, a second later.
  const settled = async (): Promise<void> => {
    while (descriptors() > base) await Bun.sleep(50)
  }
  await within(settled(), "end of the abandoned attempts")
  const { promise, resolve } = Promise.withResolvers<string>()
  connect(address("127.0.0.1"), hole.port, { connected() {}, failed: (_, code) => resolve(code) })
  expect(await within(promise, "failure of an attempt")).toBe("ECONNREFUSED")
})

const name = (host: string, port: number) => ({ address: address(host), port })

test("a socket that is connected to itself is told from one that is not", () => {
  const end = { localName: () => name("127.0.0.1", 40000), remoteName: () => name("127.0.0.1", 40000) }
  expect(isSelfConnected(end, 40000)).toBe(true)
  expect(isSelfConnected(end, 40001)).toBe(false)
  expect(isSelfConnected({ ...end, remoteName: () => name("127.0.0.2", 40000) }, 40000)).toBe(false)
  expect(isSelfConnected({ localName: () => undefined, remoteName: () => undefined }, 40000)).toBe(false)
})
