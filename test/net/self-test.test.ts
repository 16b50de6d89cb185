/** Which way of having sockets is chosen, and what a way must be able to do. */
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"

import type { Connect } from "../../src/net/attempt.ts"
import { runtimeSockets } from "../../src/net/runtime-sockets.ts"
import { chooseSockets, works } from "../../src/net/self-test.ts"
import { openSockets } from "../../src/net/socket-end.ts"
import type { Sockets } from "../../src/net/sockets.ts"
import { blackHole, descriptors } from "../support/dialling.ts"
import { bytes, polled } from "../support/pair.ts"

/** What is chosen, and the warnings that were logged. */
const chosen = async (wanted: boolean, candidate?: () => Sockets | undefined) => {
  const warnings: Array<unknown> = []
  const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
    if (logLevel === "Warn") warnings.push(message)
  })
  const choice = chooseSockets(wanted, candidate).pipe(Effect.provide(Logger.layer([logger])))
  return { sockets: await Effect.runPromise(choice), warnings }
}

const passes = (sockets: Partial<Sockets>): Promise<boolean> => Effect.runPromise(works({ ...polled, ...sockets }))

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
    const { sockets, warnings } = await chosen(true, () => polled)
    expect(sockets).toBe(polled)
    expect(warnings).toEqual([])
    expect(descriptors()).toBeLessThanOrEqual(base)
    expect(openSockets()).toBeLessThanOrEqual(open)
  })

  test("is the polled one also where nobody says which that is", async () => {
    expect((await chosen(true)).sockets).not.toBe(runtimeSockets)
  })

  test("is the runtime's where the other is not wanted, and that one is not even asked for", async () => {
    const { sockets, warnings } = await chosen(false, () => expect.unreachable())
    expect(sockets).toBe(runtimeSockets)
    expect(warnings).toEqual([])
  })

  test.each([
    ["is not to be had", () => undefined],
    ["does not pass the test", () => ({ ...polled, connect: (): string => "EPERM" })],
  ])("is the runtime's, with a warning, where the other %s", async (_, candidate) => {
    const { sockets, warnings } = await chosen(true, candidate)
    expect(sockets).toBe(runtimeSockets)
    expect(warnings).toHaveLength(1)
  })
})

describe("a way works", () => {
  test("if it carries bytes and names a failure, as both do", async () => {
    expect(await passes(polled)).toBe(true)
    expect(await passes(runtimeSockets)).toBe(true)
  })

  test("not if it has another name for a failure", async () => {
    expect(await passes({ connect: otherwise("ECONNREFUSED") })).toBe(true)
    expect(await passes({ connect: otherwise("ECONNRESET") })).toBe(false)
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
    expect(await passes({ connect: (address, _, outcome) => polled.connect(address, hole.port, outcome) })).toBe(false)
    // What earlier tests have connected may be gone by now.
    expect(openSockets()).toBeLessThanOrEqual(open)
  })

  test.each(["hullo", "hello, world"])("not if it carries other bytes: %s", async (said) => {
    const listen: Sockets["listen"] = (address, port, accept) =>
      polled.listen(address, port, (end, peer) => {
        end.write(bytes(said))
        end.write = () => 0
        accept(end, peer)
      })
    expect(await passes({ listen })).toBe(false)
  })

  test("not if it closes what it has connected", async () => {
    expect(await passes({ listen: closing })).toBe(false)
  })
})
