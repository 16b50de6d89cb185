/** Which connection the next client gets, and which of those that wait end, why and when. */
import { expect, test } from "bun:test"

import { Drain } from "../../../src/net/common/drain-signal.ts"
import { type End, nobody } from "../../../src/net/common/end.ts"
import { askAfter, OriginConnection, type OriginLimits } from "../../../src/net/http/origin-connection.ts"
import { OriginPool } from "../../../src/net/http/origin-pool.ts"
import { DescriptorBudget } from "../../../src/net/sockets/descriptor-budget.ts"

/** An end that records how it was closed. */
class FakeEnd implements End {
  receiver = nobody
  received = 0
  sent = 0
  open = true
  readonly descriptor = -1
  how: "FIN" | "RST" | undefined = undefined
  news = false
  /** Whether the kernel was asked. */
  asked: boolean | undefined = undefined
  hasNews = (asking: boolean): boolean => {
    this.asked = asking
    return this.news
  }
  write = (bytes: Uint8Array): number => bytes.length
  pause = (): void => {}
  resume = (): void => {}
  shutdown = (): void => {
    this.how = "FIN"
  }
  unacknowledged = (): number => 0
  detach = (): void => this.terminate()
  terminate = (): void => {
    this.how = "RST"
    this.open = false
    this.receiver.closed(this, undefined)
  }
}

const limits: OriginLimits = {
  maxHeadBytes: 1000,
  maxHeadFields: 10,
  originReuse: 60_000,
  maxIdleOrigins: 10,
  halfCloseTimeout: 60_000,
}

const setting = (changed: Partial<OriginLimits> = {}) => {
  const box = { limits: { ...limits, ...changed } }
  const drain = new Drain()
  // No place for anybody: whatever is spare goes when room is asked for.
  const spare = new DescriptorBudget(() => -1)
  const shared = new OriginPool(() => box.limits, drain, spare)
  const origin = (key = "a:80"): OriginConnection & { readonly end: FakeEnd } => {
    const made = new OriginConnection(new FakeEnd(), key, key, shared, box.limits, () => box.limits, "test")
    return made as typeof made & { readonly end: FakeEnd }
  }
  const offered = (key?: string) => {
    const made = origin(key)
    shared.offer(made)
    return made
  }
  return { box, drain, spare, shared, origin, offered }
}

test("the one that was given last is taken first, each once, and only for its own origin", () => {
  const { shared, offered } = setting()
  const [a, b, c] = [offered(), offered("b:80"), offered()]
  expect(shared.count).toBe(3)
  expect([shared.take("a:80"), shared.take("a:80"), shared.take("a:80"), shared.take("c:80")]).toEqual([
    c,
    a,
    undefined,
    undefined,
  ])
  expect(shared.take("b:80")).toBe(b)
  expect(shared.count).toBe(0)
  expect([a, b, c].map(({ end }) => end.how)).toEqual([undefined, undefined, undefined])
})

test("those that their origin ends, or speaks on unasked, are gone wherever they wait", () => {
  const { shared, offered } = setting()
  const [first, second, third, fourth] = [offered(), offered(), offered(), offered()]
  second.ended()
  fourth.data(fourth.end, Uint8Array.of(72))
  expect([second.end.how, fourth.end.how]).toEqual(["FIN", "RST"])
  expect(shared.count).toBe(2)
  expect([shared.take("a:80"), shared.take("a:80"), shared.take("a:80")]).toEqual([third, first, undefined])
})

test("one whose origin has ended it, or spoken on, and nobody was told yet, is not taken but ended", () => {
  const { shared, offered } = setting()
  const [first, second] = [offered(), offered()]
  second.end.news = true
  first.rest(performance.now() - askAfter)
  second.rest(performance.now())
  expect([shared.take("a:80"), shared.count]).toEqual([first, 0])
  expect([first.end.asked, second.end.asked]).toEqual([true, false])
  expect([first.end.how, second.end.how]).toEqual([undefined, "FIN"])
})

test("one that is closed while it waits is forgotten", () => {
  const { shared, offered } = setting()
  const only = offered()
  only.end.open = false
  only.closed(only.end, "ECONNRESET")
  expect([shared.count, shared.take("a:80")]).toEqual([0, undefined])
})

test("an exclusive one, one too many, one that is too old, and one of other settings are ended in order", () => {
  const { box, shared, origin, offered } = setting({ maxIdleOrigins: 1 })
  const unshareable = origin()
  unshareable.unshareable = true
  shared.offer(unshareable)
  expect(unshareable.end.how).toBe("FIN")
  const kept = offered()
  expect([kept.end.how, offered().end.how]).toEqual([undefined, "FIN"])
  const before = origin()
  box.limits = { ...limits }
  expect(shared.take("a:80")).toBeUndefined()
  expect(kept.end.how).toBe("FIN")
  shared.offer(before)
  expect(before.end.how).toBe("FIN")
  const old = Object.assign(origin(), { madeAt: performance.now() - limits.originReuse })
  shared.offer(old)
  expect([old.end.how, shared.count]).toEqual(["FIN", 0])
})

test("when a descriptor is needed they give way, as many as are asked for", () => {
  const { spare, shared, offered } = setting()
  const all = [offered(), offered("b:80"), offered()]
  spare.reclaim()
  expect([shared.count, all.filter(({ end }) => end.how === "FIN").length]).toEqual([2, 1])
  spare.reclaim()
  spare.reclaim()
  spare.reclaim()
  expect([shared.count, all.filter(({ end }) => end.how === "FIN").length]).toEqual([0, 3])
})

test("a drain ends all that wait, and takes none any more", () => {
  const { drain, shared, offered } = setting()
  const all = [offered(), offered(), offered("b:80")]
  drain.start()
  expect([...all, offered()].map(({ end }) => end.how)).toEqual(["FIN", "FIN", "FIN", "FIN"])
  expect([shared.count, shared.take("a:80")]).toEqual([0, undefined])
})
