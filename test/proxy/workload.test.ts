import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"

import { firstLook, Workload, type WorkloadParts } from "../../src/proxy/workload.ts"
import { parseAddress } from "../../src/protocol/address.ts"

const loopback = parseAddress("127.0.0.1")!
const down =
  "nobody listens on localhost:8080, where the workload should: inbound connections are refused until it does"
const up = "the workload answers on localhost:8080"
const gone = "the workload cannot be reached on localhost:8080: inbound connections are refused"

/** A workload, what was said of it, and how often the kernel was asked. */
const make = (given: Partial<WorkloadParts> = {}) => {
  const said: Array<string> = []
  const log = { info: (line: string) => void said.push(line), warn: (line: string) => void said.push(line) }
  const target = { host: { _tag: "Name", name: "localhost" }, port: 8080 } as const
  let looks = 0
  const isListenedOn: WorkloadParts["isListenedOn"] = (...of) => {
    looks++
    return given.isListenedOn === undefined ? false : given.isListenedOn(...of)
  }
  return {
    said,
    looks: () => looks,
    workload: new Workload({ target, addresses: [loopback], log, ...given, isListenedOn }),
  }
}

const scenario = <A>(effect: Effect.Effect<A>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, TestClock.layer()))

test("nobody listens at start: one warning after a moment, one line when somebody does, and no look after that", () =>
  scenario(
    Effect.gen(function* () {
      let listens = false
      const { workload, said, looks } = make({ isListenedOn: () => listens })
      const watching = yield* Effect.forkChild(workload.watch)
      yield* TestClock.adjust(firstLook - 1)
      expect([said, looks()]).toEqual([[], 0])
      yield* TestClock.adjust(1)
      expect(said).toEqual([down])
      yield* TestClock.adjust("5 minutes")
      // Ever more rarely: 2, 4, 8, 16, then every 30 seconds.
      expect([said, looks()]).toEqual([[down], 13])
      listens = true
      yield* TestClock.adjust("30 seconds")
      expect(said).toEqual([down, up])
      expect(watching.pollUnsafe()?._tag).toBe("Success")
    }),
  ))

test("who listens at start, or was reached before the first look, is not spoken of", () =>
  scenario(
    Effect.gen(function* () {
      const listening = make({ isListenedOn: () => true })
      const reached = make()
      yield* Effect.forkChild(listening.workload.watch)
      yield* Effect.forkChild(reached.workload.watch)
      reached.workload.reached()
      yield* TestClock.adjust("1 minute")
      expect([...listening.said, ...reached.said, listening.looks(), reached.looks()]).toEqual([1, 0])
    }),
  ))

test("where it cannot be seen who listens, or the workload is elsewhere, clients are what it is learnt from", () =>
  scenario(
    Effect.gen(function* () {
      const blind = make({ isListenedOn: () => undefined })
      const elsewhere = make({ addresses: [] })
      yield* Effect.forkChild(blind.workload.watch)
      yield* Effect.forkChild(elsewhere.workload.watch)
      yield* TestClock.adjust("5 minutes")
      expect([blind.looks(), elsewhere.looks(), ...blind.said, ...elsewhere.said]).toEqual([1, 0])
    }),
  ))

test("a client that cannot reach it is one warning, however many follow, and the next that can is one line", () => {
  const { workload, said } = make()
  workload.reached()
  for (let i = 0; i < 3; i++) workload.refused("connection-refused")
  expect(said).toEqual([gone])
  for (let i = 0; i < 3; i++) workload.reached()
  expect(said).toEqual([gone, up])
  // It comes and goes: no more lines for a while.
  workload.refused("connection-timeout")
  workload.reached()
  expect(said).toEqual([gone, up])
})

test("what is wrong with a client says nothing of the workload", () => {
  const { workload, said } = make()
  for (const reason of ["malformed-request", "connection-limit", "loop-detected", "proxy-error"] as const)
    workload.refused(reason)
  expect(said).toEqual([])
})
