import { expect, test } from "bun:test"
import type { Attempt, Connect } from "../../../src/net/sockets/attempt.ts"
import { interleaved, type Loss, Race, reasonOf } from "../../../src/net/dial/race.ts"
import { DescriptorBudget } from "../../../src/net/sockets/descriptor-budget.ts"
import { address } from "../../support/dialling.ts"

const texts = (...list: ReadonlyArray<string>): ReadonlyArray<string> =>
  interleaved(list.map(address)).map(({ text }) => text)

test("the families take turns, beginning with that of the first address", () => {
  expect(texts("10.0.0.1")).toEqual(["10.0.0.1"])
  expect(texts("10.0.0.1", "10.0.0.2", "::1", "::2")).toEqual(["10.0.0.1", "::1", "10.0.0.2", "::2"])
  expect(texts("::1", "::2", "::3", "10.0.0.1")).toEqual(["::1", "10.0.0.1", "::2", "::3"])
  expect(texts("10.0.0.1", "10.0.0.2", "10.0.0.3")).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
})

test("every error of connect has the reason that a client is told", () => {
  for (const [code, reason] of [
    ["ECONNREFUSED", "connection-refused"],
    ["ECONNRESET", "connection-refused"],
    ["EHOSTUNREACH", "host-unreachable"],
    ["EHOSTDOWN", "host-unreachable"],
    ["ENETUNREACH", "network-unreachable"],
    ["ENETDOWN", "network-unreachable"],
    ["EINVAL", "network-unreachable"],
    ["EAFNOSUPPORT", "network-unreachable"],
    ["ETIMEDOUT", "connection-timeout"],
    ["EACCES", "dial-denied"],
    ["EPERM", "dial-denied"],
    ["EADDRNOTAVAIL", "proxy-error"],
    ["EMFILE", "proxy-error"],
    ["ENFILE", "proxy-error"],
    ["ENOBUFS", "proxy-error"],
    ["ENOSPC", "proxy-error"],
    ["EWHATEVER", "proxy-error"],
  ] as const) {
    expect([code, reasonOf(code)]).toEqual([code, reason])
  }
})

const plenty = new DescriptorBudget(() => Number.POSITIVE_INFINITY)

/** The loss of a race whose attempts all fail at once, each with its code. */
const lossOf = (...codes: ReadonlyArray<string>): Loss => {
  const results: Array<Attempt | Loss> = []
  const connect: Connect = (to) => codes[(to.bytes[3] ?? 0) - 1] ?? "EIO"
  const addresses = codes.map((_, i) => address(`10.0.0.${i + 1}`))
  new Race(addresses, 80, connect, { raced: (result) => void results.push(result) }, plenty).start()
  expect(results.length).toBe(1)
  const [loss] = results
  if (loss === undefined || !("refusal" in loss)) throw new Error("the race was not lost")
  return loss
}

test("the loss that is reported is of the attempt that got farthest", () => {
  const byDistance = ["ECONNREFUSED", "EHOSTUNREACH", "ETIMEDOUT", "EACCES", "ENETUNREACH", "EADDRNOTAVAIL"]
  byDistance.forEach((farther, i) => {
    for (const nearer of byDistance.slice(i + 1)) {
      expect(lossOf(farther, nearer).refusal.reason).toBe(reasonOf(farther))
      expect(lossOf(nearer, farther).refusal.reason).toBe(reasonOf(farther))
    }
  })
})

test("between equal losses the first address speaks, and the detail names address, port and code", () => {
  expect(lossOf("EMFILE", "ENFILE")).toEqual({
    refusal: { reason: "proxy-error", detail: "10.0.0.1 port 80: EMFILE" },
    address: "10.0.0.1",
  })
})
