import { describe, expect, test } from "bun:test"
import { type Ask, maxLookups } from "../../../src/net/dial/lookups.ts"
import { maxAddresses, type Resolution } from "../../../src/net/dial/resolution.ts"
import { foundTtl, maxRememberedNames, missingTtl } from "../../../src/net/dial/resolution-cache.ts"
import { makeResolver, type Resolver } from "../../../src/net/dial/resolver.ts"
import { within } from "../../support/within.ts"

/** A system resolver that answers when the test says so, and a clock that stands still. */
const bench = () => {
  const asked: Array<string> = []
  const open = new Map<string, PromiseWithResolvers<ReadonlyArray<string>>>()
  const ask: Ask = (name) => {
    asked.push(name)
    const question = Promise.withResolvers<ReadonlyArray<string>>()
    open.set(name, question)
    return question.promise
  }
  const clock = { now: 1000 }
  const resolver = makeResolver(ask, () => clock.now)
  const answer = async (name: string, ...texts: ReadonlyArray<string>): Promise<void> => {
    open.get(name)?.resolve(texts)
    await Promise.resolve()
  }
  const reject = async (name: string, code: string): Promise<void> => {
    open.get(name)?.reject(Object.assign(new Error(code), { code }))
    await Promise.resolve()
  }
  return { asked, answer, reject, clock, resolver }
}

const collect = (resolver: Resolver, name: string) => {
  const answers: Array<Resolution> = []
  const leave = resolver.lookup(name, (answer) => answers.push(answer))
  return { answers, leave }
}

const texts = (answer: Resolution | undefined): ReadonlyArray<string> | string | undefined =>
  answer?._tag === "Found" ? answer.addresses.map(({ text }) => text) : answer?.refusal.detail

const lookup = (name: string): Promise<Resolution> =>
  within(new Promise((resolve) => void makeResolver().lookup(name, resolve)), "answer")

describe("a lookup", () => {
  test("gives all addresses in the system's order, each once, and nothing that is no address", async () => {
    const { resolver, answer } = bench()
    const { answers } = collect(resolver, "app.test")
    await answer("app.test", "fd00::1", "10.0.0.2", "10.0.0.1", "10.0.0.2", "fe80::1%eth0", "::ffff:10.0.0.1")
    expect(answers.map(texts)).toEqual([["fd00::1", "10.0.0.2", "10.0.0.1"]])
  })

  test("gives no more addresses than will be tried", async () => {
    const { resolver, answer } = bench()
    const { answers } = collect(resolver, "app.test")
    await answer("app.test", ...Array.from({ length: maxAddresses + 5 }, (_, i) => `10.0.0.${i}`))
    expect(texts(answers[0])).toHaveLength(maxAddresses)
  })

  test("that fails says why", async () => {
    const { resolver, answer, reject } = bench()
    const missing = collect(resolver, "missing.test")
    const again = collect(resolver, "again.test")
    const empty = collect(resolver, "empty.test")
    await reject("missing.test", "DNS_ENOTFOUND")
    await reject("again.test", "EAI_AGAIN")
    await answer("empty.test")
    expect(missing.answers.map(texts)).toEqual(["missing.test: ENOTFOUND"])
    expect(again.answers.map(texts)).toEqual(["again.test: EAI_AGAIN"])
    expect(empty.answers.map(texts)).toEqual(["empty.test: no address"])
    expect(missing.answers[0]).toMatchObject({ refusal: { reason: "name-not-found" } })
  })

  test("of a name that is under way is not asked again, and all hear the one answer", async () => {
    const { resolver, answer, asked } = bench()
    const lookups = ["app.test", "APP.test", "app.TEST"].map((name) => collect(resolver, name))
    await answer("app.test", "10.0.0.1")
    expect(asked).toEqual(["app.test"])
    expect(lookups.map(({ answers }) => texts(answers[0]))).toEqual([["10.0.0.1"], ["10.0.0.1"], ["10.0.0.1"]])
  })

  test("keeps the trailing dot apart, which switches the search domains off", () => {
    const { resolver, asked } = bench()
    collect(resolver, "app.test")
    collect(resolver, "app.test.")
    expect(asked).toEqual(["app.test", "app.test."])
  })

  test("that was left hears nothing, and its answer is remembered all the same", async () => {
    const { resolver, answer, asked } = bench()
    const lookup = collect(resolver, "app.test")
    lookup.leave()
    await answer("app.test", "10.0.0.1")
    expect(lookup.answers).toEqual([])
    expect(texts(collect(resolver, "app.test").answers[0])).toEqual(["10.0.0.1"])
    expect(asked).toEqual(["app.test"])
  })

  test("never hands the system what inet_aton would read as an address, or what is no name", () => {
    const { resolver, asked } = bench()
    for (const name of [
      "127.1",
      "0x7f000001",
      "2130706433",
      "0177.0.0.1",
      "127.0.0.1.",
      "127.0.0.1",
      "a b",
      "a\0b",
      "",
    ]) {
      expect(collect(resolver, name).answers.map(texts)).toEqual([`${name}: not a host name`])
    }
    expect(asked).toEqual([])
  })
})

describe("the memory", () => {
  test("of addresses lasts 5 seconds", async () => {
    const { resolver, answer, asked, clock } = bench()
    collect(resolver, "app.test")
    await answer("app.test", "10.0.0.1")
    clock.now += foundTtl - 1
    expect(texts(collect(resolver, "app.test").answers[0])).toEqual(["10.0.0.1"])
    expect(foundTtl).toBeLessThanOrEqual(5000)
    clock.now += 1
    expect(collect(resolver, "app.test").answers).toEqual([])
    expect(asked).toEqual(["app.test", "app.test"])
  })

  test("of a name that is not there lasts a second", async () => {
    const { resolver, reject, asked, clock } = bench()
    collect(resolver, "app.test")
    await reject("app.test", "ENOTFOUND")
    clock.now += missingTtl - 1
    expect(collect(resolver, "app.test").answers.length).toBe(1)
    expect(missingTtl).toBeLessThanOrEqual(1000)
    clock.now += 1
    collect(resolver, "app.test")
    expect(asked).toEqual(["app.test", "app.test"])
  })

  test("is told from what was asked just now", async () => {
    const { resolver, answer } = bench()
    const remembered: Array<boolean> = []
    const ask = () => resolver.lookup("app.test", (_, known) => remembered.push(known))
    ask()
    ask()
    await answer("app.test", "10.0.0.1")
    ask()
    expect(remembered).toEqual([false, false, true])
  })

  test("forgets an answer, but never one that has taken its place", async () => {
    const { resolver, answer, asked } = bench()
    const first = collect(resolver, "app.test")
    await answer("app.test", "10.0.0.1")
    resolver.forget("APP.test", first.answers[0]!)
    const second = collect(resolver, "app.test")
    expect(asked).toEqual(["app.test", "app.test"])
    await answer("app.test", "10.0.0.1")
    resolver.forget("app.test", first.answers[0]!)
    expect(texts(collect(resolver, "app.test").answers[0])).toEqual(["10.0.0.1"])
    resolver.forget("app.test", second.answers[0]!)
    expect(collect(resolver, "app.test").answers).toEqual([])
    expect(asked.length).toBe(3)
  })

  test("holds so many names, and forgets the oldest", async () => {
    const { resolver, answer, asked } = bench()
    for (let i = 0; i <= maxRememberedNames; i++) {
      collect(resolver, `n${i}.test`)
      await answer(`n${i}.test`, "10.0.0.1")
    }
    const before = asked.length
    collect(resolver, "n1.test")
    expect(asked.length).toBe(before)
    collect(resolver, "n0.test")
    expect(asked.length).toBe(before + 1)
  })
})

describe("a silent name server", () => {
  test("is asked for so many names at once; the others wait their turn", async () => {
    const { resolver, answer, asked } = bench()
    const lookups = Array.from({ length: maxLookups + 2 }, (_, i) => collect(resolver, `n${i}.test`))
    expect(asked.length).toBe(maxLookups)
    await answer("n3.test", "10.0.0.3")
    expect(asked.slice(maxLookups)).toEqual([`n${maxLookups}.test`])
    await answer(`n${maxLookups}.test`, "10.0.0.9")
    expect(texts(lookups[maxLookups]?.answers[0])).toEqual(["10.0.0.9"])
    expect(asked.length).toBe(maxLookups + 2)
  })

  test("is never asked for a name whose last waiter has left", async () => {
    const { resolver, answer, asked } = bench()
    for (let i = 0; i < maxLookups; i++) collect(resolver, `n${i}.test`)
    const [first, second] = [collect(resolver, "late.test"), collect(resolver, "late.test")]
    first?.leave()
    second?.leave()
    await answer("n0.test", "10.0.0.1")
    expect(asked).not.toContain("late.test")
  })
})

describe("the system's resolver", () => {
  test("knows /etc/hosts", async () => {
    expect(texts(await lookup("localhost"))).toContain("127.0.0.1")
  })

  test("says of a name that cannot exist that it does not", async () => {
    expect(await lookup("no-such-name.invalid")).toMatchObject({ refusal: { reason: "name-not-found" } })
  })
})
