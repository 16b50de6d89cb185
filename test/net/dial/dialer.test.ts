import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { unusedPort } from "../../../scripts/unused-port.ts"
import type { Connect } from "../../../src/net/sockets/attempt.ts"
import { type Dialled, type DialSettings, Dialer, makeDialer } from "../../../src/net/dial/dialer.ts"
import { nobody } from "../../../src/net/common/end.ts"
import type { Resolution } from "../../../src/net/dial/resolution.ts"
import type { Resolver } from "../../../src/net/dial/resolver.ts"
import { runtimeSockets } from "../../../src/net/runtime/runtime-sockets.ts"
import { refusal } from "../../../src/protocol/refusal.ts"
import type { Target } from "../../../src/protocol/target.ts"
import {
  address,
  blackHole,
  descriptors,
  dial,
  type DialFailed,
  type Permit,
  RawListener,
  toAddress,
  toName,
} from "../../support/dialling.ts"
import { Condition, eventually, within } from "../../support/within.ts"
import { polled } from "../../support/pair.ts"

const exact = polled.connect
const plain = runtimeSockets.connect
const permitAll: Permit = () => undefined

/** A resolver that answers every name with these addresses at once. */
const answering = (...texts: ReadonlyArray<string>): Resolver =>
  resolving((_name, done) => {
    done({ _tag: "Found", addresses: texts.map(address) }, false)
    return () => {}
  })

/** A resolver that has no memory to lose. */
const resolving = (lookup: Resolver["lookup"]): Resolver => ({ lookup, forget() {} })

const unasked: Resolver = resolving((name) => {
  throw new Error(`${name} was looked up`)
})

/** A resolver that remembers the first of these answers, and is told each of the others when it asks. */
const remembering = (...answers: ReadonlyArray<ReadonlyArray<string> | "missing">) => {
  const told = answers.map((texts): Resolution =>
    texts === "missing"
      ? { _tag: "Missing", refusal: refusal("name-not-found", "gone") }
      : { _tag: "Found", addresses: texts.map(address) },
  )
  const forgotten: Array<Resolution> = []
  let lookups = 0
  const lookup: Resolver["lookup"] = (_name, done) => {
    done(told[lookups++]!, lookups === 1)
    return () => {}
  }
  return {
    lookup,
    forget: (_name: string, answer: Resolution) => void forgotten.push(answer),
    get seen() {
      return { lookups, forgotten: forgotten.map((answer) => told.indexOf(answer)) }
    },
  }
}

const dialerOf = (connect: Connect, resolver: Resolver = unasked, settings: Partial<DialSettings> = {}) =>
  makeDialer({
    connect,
    resolver,
    settings: () => ({ dialTimeout: 5000, maxConnections: 100, resolve: [], ...settings }),
  })

const connects = async (dialer: Dialer["Service"], target: Target, permit = permitAll): Promise<Dialled> =>
  within(Effect.runPromise(dial(dialer, target, permit)), "connection")

const fails = async (dialer: Dialer["Service"], target: Target, permit = permitAll): Promise<DialFailed> =>
  within(Effect.runPromise(Effect.flip(dial(dialer, target, permit))), "failure")

/** A server that says nothing, and knows how many connections it has seen end. */
const serve = (hostname: string, port = 0) => {
  const condition = new Condition()
  let ended = 0
  const close = (): void => {
    ended++
    condition.changed()
  }
  const listener = Bun.listen({ hostname, port, socket: { data() {}, close } })
  return {
    port: listener.port,
    /** Settles when this many connections have come and gone. */
    gone: (count = 1) => condition.until(() => (ended === count ? true : undefined), `end of ${count} connections`),
    [Symbol.dispose]: () => listener.stop(true),
  }
}

/** Runs a test and waits until it has left no descriptor behind; an abandoned plain attempt takes a second or so. */
const leavingNothing = (body: () => Promise<void>) => async (): Promise<void> => {
  const base = descriptors()
  await body()
  await eventually(async () => descriptors() <= base, true, "that all that the test opened has ended")
}

describe.each([
  ["the exact way", exact],
  ["the plain way", plain],
] as const)("%s of connecting", (_, connect) => {
  test("connects to an IPv4 address and to an IPv6 address", async () => {
    for (const host of ["127.0.0.1", "::1"]) {
      using server = serve(host)
      const dialled = await connects(dialerOf(connect), toAddress(host, server.port))
      expect(dialled.address.text).toBe(host)
      expect(dialled.port).toBe(server.port)
      expect(dialled.end.open).toBe(true)
      const name = dialled.end.remoteName()
      expect([name?.address.text, name?.port]).toEqual([host, server.port])
      dialled.end.terminate()
      await server.gone()
    }
  })

  test("a port where nobody listens is refused", async () => {
    const port = unusedPort()
    const failed = await fails(dialerOf(connect), toAddress("127.0.0.1", port))
    expect(failed.refusal).toEqual(refusal("connection-refused", `127.0.0.1 port ${port}: ECONNREFUSED`))
    expect(failed.address).toBe("127.0.0.1")
  })

  test(
    "an address that does not answer is given up at the deadline",
    leavingNothing(async () => {
      using hole = blackHole()
      const started = performance.now()
      const failed = await fails(dialerOf(connect, unasked, { dialTimeout: 120 }), toAddress("127.0.0.1", hole.port))
      expect(failed.refusal.reason).toBe("connection-timeout")
      expect(failed.address).toBe("127.0.0.1")
      expect(performance.now() - started).toBeGreaterThanOrEqual(119)
      expect(performance.now() - started).toBeLessThan(1000)
    }),
  )

  test("a banner and its FIN reach the receiver that is set where the dial continues", async () => {
    using server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open(socket) {
          socket.write("welcome")
          socket.shutdown()
        },
        data() {},
      },
    })
    const dialer = dialerOf(connect)
    for (let i = 0; i < 50; i++) {
      expect(await within(readToEnd(dialer, server.port), "banner")).toBe("welcome")
    }
  })

  test("a banner that is there before the connection is noticed is not lost either", async () => {
    using listener = new RawListener("127.0.0.1", 0, 8)
    const read = readToEnd(dialerOf(connect), listener.port)
    // Blocks until the kernel has the connection; this program's event loop has not turned since the dial began.
    if (connect === exact) listener.greet("welcome")
    else setImmediate(() => listener.greet("welcome"))
    expect(await within(read, "banner")).toBe("welcome")
  })

  test("bytes that find no receiver reset the connection instead of being lost", async () => {
    using server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { open: (socket) => void socket.write("welcome"), data() {} },
    })
    const { end } = await connects(dialerOf(connect), toAddress("127.0.0.1", server.port))
    const { promise, resolve } = Promise.withResolvers<void>()
    if (!end.open) resolve()
    else end.receiver = { ...end.receiver, closed: () => resolve() }
    await within(promise, "close")
    expect(end.received).toBe(7)
  })

  test("the next address is tried as soon as the one before has failed", async () => {
    using server = serve("127.0.0.3")
    const started = performance.now()
    const dialer = dialerOf(connect, answering("127.0.0.2", "127.0.0.4", "127.0.0.5", "127.0.0.3"))
    const dialled = await connects(dialer, toName("app.test", server.port))
    expect(dialled.address.text).toBe("127.0.0.3")
    // And not 250 ms after each.
    expect(performance.now() - started).toBeLessThan(500)
    dialled.end.terminate()
    await server.gone()
  })

  test(
    "the second address is tried 250 ms after the first if that keeps silent",
    leavingNothing(async () => {
      using server = serve("127.0.0.3")
      using _hole = blackHole("127.0.0.2", server.port)
      const started = performance.now()
      const dialer = dialerOf(connect, answering("127.0.0.2", "127.0.0.3"))
      const dialled = await connects(dialer, toName("app.test", server.port))
      expect(dialled.address.text).toBe("127.0.0.3")
      expect(performance.now() - started).toBeGreaterThanOrEqual(249)
      expect(performance.now() - started).toBeLessThan(1000)
      dialled.end.terminate()
      await server.gone()
    }),
  )

  test(
    "of several failures the most telling is reported, whichever came last",
    leavingNothing(async () => {
      const port = unusedPort()
      using _hole = blackHole("127.0.0.2", port)
      const dialer = dialerOf(connect, answering("127.0.0.1", "127.0.0.2"), { dialTimeout: 150 })
      const failed = await fails(dialer, toName("app.test", port))
      expect(failed.refusal.reason).toBe("connection-refused")
      expect(failed.address).toBe("127.0.0.1")
    }),
  )

  test("localhost is 127.0.0.1 or else ::1, and is never looked up", async () => {
    for (const [name, host] of [
      ["localhost", "127.0.0.1"],
      ["LocalHost.", "::1"],
      ["app.localhost", "127.0.0.1"],
    ] as const) {
      using server = serve(host)
      const dialled = await connects(dialerOf(connect), toName(name, server.port))
      expect(dialled.address.text).toBe(host)
      dialled.end.terminate()
      await server.gone()
    }
  })

  test("2,000 dials leave no descriptor behind", async () => {
    using server = serve("127.0.0.1")
    const dialer = dialerOf(connect)
    const base = descriptors()
    for (let i = 0; i < 2000; i++) {
      const { end } = await connects(dialer, toAddress("127.0.0.1", server.port))
      end.terminate()
    }
    await server.gone(2000)
    expect(descriptors()).toBe(base)
  })
})

const readToEnd = (dialer: Dialer["Service"], port: number): Promise<string> =>
  Effect.runPromise(
    Effect.flatMap(dial(dialer, toAddress("127.0.0.1", port), permitAll), ({ end }) =>
      Effect.callback<string>((resume) => {
        let text = ""
        end.receiver = {
          ...nobody,
          data: (_, chunk) => void (text += Buffer.from(chunk).toString()),
          ended() {
            end.receiver = nobody
            end.terminate()
            resume(Effect.succeed(text))
          },
        }
      }),
    ),
  )

describe("a dial that is interrupted", () => {
  test("frees its sockets at once, those of every address that it was racing", async () => {
    using first = blackHole("127.0.0.2")
    using _second = blackHole("127.0.0.3", first.port)
    const base = descriptors()
    const dialer = dialerOf(exact, answering("127.0.0.2", "127.0.0.3"))
    const fiber = Effect.runFork(dial(dialer, toName("app.test", first.port), permitAll))
    await eventually(async () => descriptors() - base, 2, "the number of attempts")
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(descriptors()).toBe(base)
  })

  test("leaves a lookup that is under way", async () => {
    let left = 0
    const silent = resolving(() => () => void left++)
    const fiber = Effect.runFork(dial(dialerOf(exact, silent), toName("app.test", 80), permitAll))
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(left).toBe(1)
  })

  test(
    "resets a socket that connects too late, where it cannot be cancelled",
    leavingNothing(async () => {
      using hole = blackHole()
      const base = descriptors()
      const fiber = Effect.runFork(dial(dialerOf(plain), toAddress("127.0.0.1", hole.port), permitAll))
      await eventually(async () => descriptors() - base, 1, "the number of attempts")
      await Effect.runPromise(Fiber.interrupt(fiber))
      hole.makeRoom()
      // The kernel sends its next SYN a second after the first.
      await eventually(async () => descriptors() - base, 0, "the number of sockets")
    }),
  )
})

describe("losers of a race", () => {
  test("are gone when the winner is handed over", async () => {
    using server = serve("127.0.0.3")
    using _hole = blackHole("127.0.0.2", server.port)
    const base = descriptors()
    const dialer = dialerOf(exact, answering("127.0.0.2", "127.0.0.3"))
    const { end } = await connects(dialer, toName("app.test", server.port))
    end.terminate()
    await server.gone()
    expect(descriptors()).toBe(base)
  })
})

describe("the addresses of a target", () => {
  test("--resolve comes first: its address and its port are dialled, and are what the policy sees", async () => {
    using server = serve("127.0.0.5")
    const rule = { host: "app.test", port: 80, address: address("127.0.0.5"), toPort: server.port }
    const seen: Array<string> = []
    const dialled = await connects(
      dialerOf(exact, unasked, { resolve: [rule] }),
      toName("App.Test.", 80),
      (address, port) => void seen.push(`${address.text} ${port}`),
    )
    expect(seen).toEqual([`127.0.0.5 ${server.port}`])
    expect(dialled.port).toBe(server.port)
    dialled.end.terminate()
    await server.gone()
  })

  test("--resolve is for one port only", async () => {
    const rule = { host: "app.test", port: 80, address: address("127.0.0.5"), toPort: 1 }
    const asked: Array<string> = []
    const resolver = resolving((name, done) => {
      asked.push(name)
      done({ _tag: "Missing", refusal: refusal("name-not-found", name) }, false)
      return () => {}
    })
    const failed = await fails(dialerOf(exact, resolver, { resolve: [rule] }), toName("app.test", 81))
    expect(asked).toEqual(["app.test"])
    expect(failed.refusal.reason).toBe("name-not-found")
    expect(failed.address).toBeUndefined()
  })

  test("a name server that keeps silent is given up at the deadline, and left", async () => {
    let left = 0
    const silent = resolving(() => () => void left++)
    const failed = await fails(dialerOf(exact, silent, { dialTimeout: 50 }), toName("app.test", 80))
    expect(failed.refusal.reason).toBe("name-timeout")
    expect(left).toBe(1)
  })

  test("one deadline stands over the resolution and the connection together", async () => {
    using hole = blackHole()
    const slow = resolving((_name, done) => {
      const answer: Resolution = { _tag: "Found", addresses: [address("127.0.0.1")] }
      setTimeout(() => done(answer, false), 300)
      return () => {}
    })
    const started = performance.now()
    const failed = await fails(dialerOf(exact, slow, { dialTimeout: 400 }), toName("app.test", hole.port))
    expect(failed.refusal.reason).toBe("connection-timeout")
    expect(performance.now() - started).toBeGreaterThanOrEqual(399)
    expect(performance.now() - started).toBeLessThan(690)
  })
})

describe("remembered addresses", () => {
  const port = unusedPort()
  const target = toName("app.test", port)

  test("that all fail are forgotten, and others are asked for and dialled", async () => {
    using server = serve("127.0.0.4", port)
    const resolver = remembering(["127.0.0.2", "127.0.0.3"], ["127.0.0.3", "127.0.0.4"])
    const dialled = await connects(dialerOf(exact, resolver), target)
    expect(dialled.address.text).toBe("127.0.0.4")
    expect(resolver.seen).toEqual({ lookups: 2, forgotten: [0] })
    dialled.end.terminate()
    await server.gone()
  })

  test("are asked for once more only, and none is dialled twice", async () => {
    const dialled: Array<string> = []
    const counted: Connect = (to, ...given) => (dialled.push(to.text), exact(to, ...given))
    const resolver = remembering(["127.0.0.2"], ["127.0.0.3", "127.0.0.2"])
    const failed = await fails(dialerOf(counted, resolver), target)
    expect([failed.refusal.reason, failed.address]).toEqual(["connection-refused", "127.0.0.3"])
    expect(dialled).toEqual(["127.0.0.2", "127.0.0.3"])
    expect(resolver.seen).toEqual({ lookups: 2, forgotten: [0, 1] })
  })

  test("that are still the only ones have failed", async () => {
    const resolver = remembering(["127.0.0.2", "127.0.0.3"], ["127.0.0.3"])
    const failed = await fails(dialerOf(exact, resolver), target)
    expect([failed.refusal.reason, failed.address]).toEqual(["connection-refused", "127.0.0.2"])
    expect(resolver.seen).toEqual({ lookups: 2, forgotten: [0] })
  })

  test("of a name that is gone are refused as the name is", async () => {
    const resolver = remembering(["127.0.0.2"], "missing")
    expect((await fails(dialerOf(exact, resolver), target)).refusal.reason).toBe("name-not-found")
  })

  test("are judged by the policy like any others", async () => {
    const resolver = remembering(["127.0.0.2"], ["127.0.0.4"])
    const failed = await fails(dialerOf(exact, resolver), target, ({ text }) =>
      text === "127.0.0.4" ? refusal("destination-denied", text) : undefined,
    )
    expect([failed.refusal.reason, failed.address]).toEqual(["destination-denied", "127.0.0.4"])
  })

  test("are not asked for again where the policy denies them, or this machine lacks something", async () => {
    const denied = remembering(["127.0.0.2"])
    await fails(dialerOf(exact, denied), target, ({ text }) => refusal("destination-denied", text))
    expect(denied.seen).toEqual({ lookups: 1, forgotten: [] })
    const poor = remembering(["127.0.0.2"])
    expect(
      (
        await fails(
          dialerOf(() => "EMFILE", poor),
          target,
        )
      ).refusal.reason,
    ).toBe("proxy-error")
    expect(poor.seen).toEqual({ lookups: 1, forgotten: [] })
  })

  test("that keep silent until the deadline are forgotten, and there is no time to ask again", async () => {
    using hole = blackHole("127.0.0.2")
    const resolver = remembering(["127.0.0.2"])
    const failed = await fails(dialerOf(exact, resolver, { dialTimeout: 50 }), toName("app.test", hole.port))
    expect(failed.refusal.reason).toBe("connection-timeout")
    expect(resolver.seen).toEqual({ lookups: 1, forgotten: [0] })
  })

  test("that failed are what the client is told of when the name server keeps silent then", async () => {
    let lookups = 0
    const resolver = resolving((_name, done) => {
      if (lookups++ === 0) done({ _tag: "Found", addresses: [address("127.0.0.2")] }, true)
      return () => {}
    })
    const failed = await fails(dialerOf(exact, resolver, { dialTimeout: 100 }), target)
    expect(failed.refusal.reason).toBe("connection-refused")
  })

  test("that were asked for just now are forgotten when they fail, and are not asked for again", async () => {
    const forgotten: Array<string> = []
    const resolver: Resolver = { ...answering("127.0.0.2"), forget: (name) => void forgotten.push(name) }
    expect((await fails(dialerOf(exact, resolver), target)).refusal.reason).toBe("connection-refused")
    expect(forgotten).toEqual(["app.test"])
  })
})

describe("the policy", () => {
  test("is asked about every address; one that it denies is skipped", async () => {
    using server = serve("127.0.0.3")
    const dialer = dialerOf(exact, answering("127.0.0.2", "127.0.0.3"))
    const dialled = await connects(dialer, toName("app.test", server.port), ({ text }) =>
      text === "127.0.0.2" ? refusal("destination-denied", text) : undefined,
    )
    expect(dialled.address.text).toBe("127.0.0.3")
    dialled.end.terminate()
    await server.gone()
  })

  test("denies the name when it denies all its addresses, and nothing is dialled", async () => {
    using hole = blackHole()
    const base = descriptors()
    const dialer = dialerOf(exact, answering("127.0.0.1", "127.0.0.2"))
    const failed = await fails(dialer, toName("app.test", hole.port), ({ text }) => refusal("loop-detected", text))
    expect(failed.refusal).toEqual(refusal("loop-detected", "127.0.0.1"))
    expect(failed.address).toBe("127.0.0.1")
    expect(descriptors()).toBe(base)
  })
})

test("the layer's dialer connects the way that it is given", async () => {
  using server = serve("127.0.0.1")
  let asked = 0
  const counted: Connect = (...given) => (asked++, exact(...given))
  const program = Effect.flatMap(Dialer, (dialer) => dial(dialer, toAddress("127.0.0.1", server.port), permitAll))
  const layer = Dialer.layer(() => ({ dialTimeout: 5000, maxConnections: 100, resolve: [] }), counted)
  const { end } = await within(Effect.runPromise(Effect.provide(program, layer)), "connection")
  expect(end.open).toBe(true)
  expect(asked).toBe(1)
  end.terminate()
})
