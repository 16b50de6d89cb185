/** Which way of having sockets is chosen, and what a way must be able to do. */
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"

import type { Connect } from "../../src/net/sockets/attempt.ts"
import { runtimeSockets } from "../../src/net/runtime/runtime-sockets.ts"
import { chooseSockets, selfTest } from "../../src/net/choose-sockets.ts"
import { openSockets } from "../../src/net/sockets/socket-end.ts"
import type { Sockets } from "../../src/net/sockets/sockets.ts"
import { type Fallback, unheard } from "../../src/flow/shortfalls.ts"
import { ascii } from "../support/bytes.ts"
import { blackHole, descriptors } from "../support/dialling.ts"
import { loopback, polled } from "../support/pair.ts"

/** What is chosen, and what was told of it. */
const chosen = async (wanted: boolean, candidate?: () => Sockets | Fallback, denied?: () => boolean) => {
  const told: Array<unknown> = []
  const shortfalls = { ...unheard, fellBack: (...what: ReadonlyArray<unknown>) => void told.push(what) }
  return { sockets: await Effect.runPromise(chooseSockets(wanted, shortfalls, candidate, denied)), told }
}

const trouble = (sockets: Partial<Sockets>): Promise<Fallback | undefined> =>
  Effect.runPromise(selfTest({ ...polled, ...sockets }))
const passes = async (sockets: Partial<Sockets>): Promise<boolean> => (await trouble(sockets)) === undefined

/** A way to connect that says this of port 0. */
const otherwise =
  (onPortZero: string): Connect =>
  (address, port, outcome) =>
    port === 0 ? onPortZero : polled.connect(address, port, outcome)
const throwing = (): never => {
  throw new Error("no such function")
}

const closing: Sockets["listen"] = (address, port) => polled.listen(address, port, (end) => end.terminate())

describe("the way that is chosen at start", () => {
  test("is the polled one where it passes the test, which leaves nothing behind", async () => {
    const base = descriptors()
    const open = openSockets()
    const { sockets, told } = await chosen(true, () => polled)
    expect(sockets).toBe(polled)
    expect(told).toEqual([])
    expect(descriptors()).toBeLessThanOrEqual(base)
    expect(openSockets()).toBeLessThanOrEqual(open)
  })

  test("is the polled one also where nobody says which that is", async () => {
    expect((await chosen(true)).sockets.listen).not.toBe(runtimeSockets.listen)
  })

  test("is the runtime's where the other is not wanted, and that one is not even asked for", async () => {
    const { sockets, told } = await chosen(false, () => expect.unreachable())
    expect(sockets.listen).toBe(runtimeSockets.listen)
    expect(told).toEqual([])
  })

  test.each([
    ["is not to be had", { reason: "no-epoll" }, () => ({ reason: "no-epoll" }) as const],
    [
      "does not pass the test",
      { reason: "failed", code: "EPERM" },
      () => ({ ...polled, connect: (): string => "EPERM" }),
    ],
  ])("is the runtime's, and the reason is told, where the other %s", async (_, reason, candidate) => {
    const { sockets, told } = await chosen(true, candidate)
    expect(sockets.listen).toBe(runtimeSockets.listen)
    expect(told).toEqual([["poll", reason]])
  })

  test.each([true, false])("listens nowhere where nothing may be accepted; polled: %p", async (wanted) => {
    const { sockets } = await chosen(
      wanted,
      () => expect.unreachable(),
      () => true,
    )
    expect(() => sockets.listen(loopback, 0, () => {})).toThrow("accept4 denied")
  })
})

describe("a way works", () => {
  test("if it carries bytes and names a failure, as both do", async () => {
    expect(await passes(polled)).toBe(true)
    expect(await passes(runtimeSockets)).toBe(true)
  })

  test("not if it has another name for a failure", async () => {
    expect(await passes({ connect: otherwise("ECONNREFUSED") })).toBe(true)
    expect(await trouble({ connect: otherwise("ECONNRESET") })).toEqual({ reason: "failed", code: "ECONNRESET" })
  })

  test("not if nothing can be connected to", async () => {
    expect(await passes({ connect: () => "EPERM" })).toBe(false)
  })

  test("not if one of its functions throws", async () => {
    expect(await passes({ connect: throwing })).toBe(false)
    expect(await passes({ listen: throwing })).toBe(false)
  })

  test("not if it never answers; what it has begun is cancelled", async () => {
    using hole = blackHole()
    const open = openSockets()
    const connect: Connect = (address, _, outcome) => polled.connect(address, hole.port, outcome)
    expect(await trouble({ connect })).toEqual({ reason: "time" })
    // What earlier tests have connected may be gone by now.
    expect(openSockets()).toBeLessThanOrEqual(open)
  })

  test.each(["hullo", "hello, world"])("not if it carries other bytes: %s", async (said) => {
    const listen: Sockets["listen"] = (address, port, accept) =>
      polled.listen(address, port, (end, peer) => {
        end.write(ascii(said))
        end.write = () => 0
        accept(end, peer)
      })
    expect(await passes({ listen })).toBe(false)
  })

  test("not if it closes what it has connected", async () => {
    expect(await trouble({ listen: closing })).toEqual({ reason: "failed", code: expect.any(String) })
  })
})
