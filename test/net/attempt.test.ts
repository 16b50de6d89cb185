import { expect, test } from "bun:test"
import { openSync } from "node:fs"
import { type Attempt, abandonedAtOnce, exactConnect, isSelfConnected, plainConnect } from "../../src/net/attempt.ts"
import { type Libc, openLibc } from "../../src/net/libc.ts"
import { address, blackHole, descriptors } from "../support/dialling.ts"
import { within } from "../support/within.ts"

const unheard = { connected() {}, failed() {} }

test("an error that connect(2) gives at once is told by its own name", () => {
  const libc = openLibc()
  expect(libc?.nonBlockingConnect(address("255.255.255.255"), 80)).toEqual({ code: "ENETUNREACH" })
})

test("a connection that is refused at once leaves no descriptor behind", () => {
  const libc = openLibc()
  const base = descriptors()
  for (let i = 0; i < 100; i++) libc?.nonBlockingConnect(address("255.255.255.255"), 80)
  expect(descriptors()).toBe(base)
})

test("a descriptor that the event loop does not take is closed again", () => {
  const base = descriptors()
  // epoll takes no regular files.
  const libc: Libc = {
    nonBlockingConnect: () => ({ fd: openSync("/etc/hosts", "r") }),
    close: (fd) => openLibc()?.close(fd),
  }
  expect(exactConnect(libc)(address("127.0.0.1"), 80, unheard)).toBe("ENOSPC")
  expect(descriptors()).toBe(base)
})

test("the plain way never tells a failure before it has returned", async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  let returned = false
  plainConnect(address("255.255.255.255"), 80, {
    connected() {},
    failed: (_, code) => resolve(returned ? code : "too early"),
  })
  returned = true
  // The name is Bun's, and wrong: the true one is ENETUNREACH.
  expect(await within(promise, "failure")).toBe("ECONNREFUSED")
})

test("attempts that were given up but cannot be cancelled are bounded", async () => {
  const started: Array<Attempt | string> = []
  const base = descriptors()
  const hole = blackHole()
  for (let i = 0; i < abandonedAtOnce; i++) started.push(plainConnect(address("127.0.0.1"), hole.port, unheard))
  for (const attempt of started) if (typeof attempt !== "string") attempt.cancel()
  expect(plainConnect(address("127.0.0.1"), hole.port, unheard)).toBe("EMFILE")
  hole[Symbol.dispose]()
  // The next SYN of each meets a closed port, a second later.
  const settled = async (): Promise<void> => {
    while (descriptors() > base) await Bun.sleep(50)
  }
  await within(settled(), "end of the abandoned attempts")
  const { promise, resolve } = Promise.withResolvers<string>()
  plainConnect(address("127.0.0.1"), hole.port, { connected() {}, failed: (_, code) => resolve(code) })
  expect(await within(promise, "failure of an attempt")).toBe("ECONNREFUSED")
})

test("a socket that is connected to itself is told from one that is not", () => {
  const end = { localAddress: "127.0.0.1", localPort: 40000, remoteAddress: "127.0.0.1" }
  expect(isSelfConnected(end, 40000)).toBe(true)
  expect(isSelfConnected(end, 40001)).toBe(false)
  expect(isSelfConnected({ ...end, remoteAddress: "127.0.0.2" }, 40000)).toBe(false)
})
