import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import type { SocketHandler } from "bun"
import { Drain } from "../../src/net/drain.ts"
import { type End, nobody, type Receiver, SocketEnd, socketHandlers } from "../../src/net/end.ts"
import { Condition, within } from "../support/within.ts"

/** Remembers what an end said, in order; data that comes in pieces is one entry. */
class Ear implements Receiver {
  readonly heard: Array<string> = []
  private readonly condition = new Condition()

  private hear(what: string): void {
    this.heard.push(what)
    this.condition.changed()
  }

  data(_end: End, chunk: Uint8Array): void {
    const text = Buffer.from(chunk).toString("latin1")
    const last = this.heard.at(-1)
    if (last?.startsWith("data ")) this.heard[this.heard.length - 1] = last + text
    else this.heard.push(`data ${text}`)
    this.condition.changed()
  }
  drain(): void {
    this.condition.changed()
  }
  ended(): void {
    this.hear("ended")
  }
  closed(_end: End, code: string | undefined): void {
    this.hear(`closed ${code ?? "in order"}`)
  }

  /** Waits until exactly this was heard. */
  hears(...expected: ReadonlyArray<string>): Promise<true> {
    return this.condition.until(
      () => (this.heard.join("|") === expected.join("|") ? true : undefined),
      () => `[${expected.join(", ")}]; heard were [${this.heard.join(", ")}]`,
    )
  }
  until(holds: () => boolean): Promise<true> {
    return this.condition.until(() => (holds() ? true : undefined), "the event")
  }
}

/** Both ends of one connection, each with its ear. */
const pair = async () => {
  const accepted = Promise.withResolvers<SocketEnd>()
  const far = new Ear()
  const near = new Ear()
  const listener = Bun.listen<SocketEnd>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      ...socketHandlers,
      open(socket) {
        socket.data = new SocketEnd(far)
        socket.data.attach(socket)
        accepted.resolve(socket.data)
      },
    },
  })
  const nearEnd = new SocketEnd(near)
  const handlers: SocketHandler<SocketEnd> = { ...socketHandlers, open: (socket) => socket.data.attach(socket) }
  const { port } = listener
  await Bun.connect({ hostname: "127.0.0.1", port, allowHalfOpen: true, data: nearEnd, socket: handlers })
  const farEnd = await within(accepted.promise, "connection")
  listener.stop()
  const close = (): void => {
    nearEnd.terminate()
    farEnd.terminate()
  }
  return { near, far, nearEnd, farEnd, port, [Symbol.dispose]: close }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe("an end", () => {
  test("hands on what arrives, and counts both directions", async () => {
    using both = await pair()
    expect(both.nearEnd.write(bytes("hello"))).toBe(5)
    await both.far.hears("data hello")
    expect(both.farEnd.received).toBe(5)
    expect(both.nearEnd.sent).toBe(5)
  })

  test("writes from an offset to the end of the bytes", async () => {
    using both = await pair()
    expect(both.nearEnd.write(bytes("hello"), 3)).toBe(2)
    await both.far.hears("data lo")
  })

  test("knows the addresses of both sides", async () => {
    using both = await pair()
    expect(both.nearEnd.remoteAddress).toBe("127.0.0.1")
    expect(both.nearEnd.remotePort).toBe(both.port)
    expect(both.nearEnd.localAddress).toBe("127.0.0.1")
    expect(both.nearEnd.localPort).toBe(both.farEnd.remotePort)
  })

  test("has no addresses before it has a socket", () => {
    const end = new SocketEnd(nobody)
    expect(end.remoteAddress).toBeUndefined()
    expect(end.remotePort).toBe(0)
    expect(end.localPort).toBe(0)
  })

  test("tells another receiver from the moment it is handed on", async () => {
    using both = await pair()
    both.nearEnd.write(bytes("one"))
    await both.far.hears("data one")
    const next = new Ear()
    both.farEnd.receiver = next
    both.nearEnd.write(bytes("two"))
    await next.hears("data two")
    expect(both.far.heard).toEqual(["data one"])
  })

  test("hears everything in its order, however many others hear something in the same turn", async () => {
    using all = new DisposableStack()
    const pairs: Array<Awaited<ReturnType<typeof pair>>> = []
    for (let i = 0; i < 64; i++) pairs.push(all.use(await pair()))
    let said = ""
    for (let turns = 0; turns < 10; turns++) {
      said += turns
      for (const { nearEnd } of pairs) nearEnd.write(bytes(`${turns}`))
      await Promise.all(pairs.map(({ far }) => far.hears(`data ${said}`)))
    }
    for (const { nearEnd } of pairs) {
      nearEnd.write(bytes("!"))
      nearEnd.shutdown()
    }
    await Promise.all(pairs.map(({ far }) => far.hears(`data ${said}!`, "ended")))
    expect(pairs.map(({ farEnd }) => farEnd.received)).toEqual(pairs.map(() => said.length + 1))
  })

  test("hears what has arrived before a drain begins", async () => {
    using all = new DisposableStack()
    const pairs: Array<Awaited<ReturnType<typeof pair>>> = []
    for (let i = 0; i < 64; i++) pairs.push(all.use(await pair()))
    const received = (): number => pairs.reduce((sum, { farEnd }) => sum + farEnd.received, 0)
    // A socket that is no end of ours is heard in the middle of a turn. `heard` is what a drain made others hear there.
    const heard: Array<number> = []
    let called = Promise.withResolvers<void>()
    const data = (): void => {
      const before = received()
      new Drain().start()
      heard.push(received() - before)
      called.resolve()
    }
    const listener = all.adopt(Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data } }), (server) =>
      server.stop(true),
    )
    const { port } = listener
    const bystander = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } })
    for (let said = "x"; !heard.some((bytes) => bytes > 0); said += "x") {
      called = Promise.withResolvers()
      for (const [i, { nearEnd }] of pairs.entries()) {
        nearEnd.write(bytes("x"))
        if (i === 32) bystander.write("x")
      }
      await within(called.promise, "turn")
      await Promise.all(pairs.map(({ far }) => far.hears(`data ${said}`)))
    }
    expect(heard.at(-1)).toBeGreaterThan(0)
  }, 10_000)

  test("is not given what came before it was closed, and waited until then", async () => {
    using both = await pair()
    both.nearEnd.terminate()
    both.nearEnd.take(bytes("late"))
    expect(both.near.heard).toEqual(["closed in order"])
    expect(both.nearEnd.received).toBe(0)
  })

  test("takes no more than the kernel does, and says when it takes more", async () => {
    using both = await pair()
    both.farEnd.pause()
    const large = new Uint8Array(64 * 1024 * 1024)
    const taken = both.nearEnd.write(large)
    expect(taken).toBeLessThan(large.length)
    expect(both.nearEnd.sent).toBe(taken)
    let drained = false
    both.nearEnd.receiver = {
      ...nobody,
      drain() {
        drained = true
        both.far.drain()
      },
    }
    both.farEnd.receiver = { ...nobody, data: () => both.far.drain() }
    both.farEnd.resume()
    await both.far.until(() => drained && both.farEnd.received === taken)
  })
})

describe("closing", () => {
  test("shutdown ends one direction only: the other still carries bytes", async () => {
    using both = await pair()
    both.nearEnd.shutdown()
    await both.far.hears("ended")
    both.farEnd.write(bytes("answer"))
    await both.near.hears("data answer")
    expect(both.nearEnd.write(bytes("more"))).toBe(-1)
    expect(both.nearEnd.open).toBe(true)
  })

  test("shutdown on both sides closes in order, and nothing follows", async () => {
    using both = await pair()
    both.nearEnd.shutdown()
    both.nearEnd.shutdown()
    await both.far.hears("ended")
    both.farEnd.shutdown()
    await both.far.hears("ended", "closed in order")
    await both.near.until(() => !both.nearEnd.open)
    expect(both.near.heard.at(-1)).toBe("closed in order")
    expect(both.nearEnd.receiver).toBe(nobody)
    expect(both.nearEnd.write(bytes("x"))).toBe(-1)
  })

  test("a shutdown behind the peer's closes before it returns, and what the peer has not read yet still arrives", async () => {
    using both = await pair()
    both.nearEnd.shutdown()
    await both.far.hears("ended")
    both.nearEnd.pause()
    // More than its reader's kernel takes: the rest waits in the kernel of the socket that is closed.
    const count = both.farEnd.write(new Uint8Array(8 << 20).fill(0x61))
    both.farEnd.shutdown()
    expect(both.far.heard).toEqual(["ended", "closed in order"])
    expect(both.farEnd.open).toBe(false)
    both.nearEnd.resume()
    await both.near.until(() => !both.nearEnd.open)
    expect(both.near.heard.at(-1)).toBe("closed in order")
    expect(both.nearEnd.received).toBe(count)
  })

  test("terminate says closed before it returns, once, and resets the peer", async () => {
    using both = await pair()
    both.nearEnd.terminate()
    expect(both.near.heard).toEqual(["closed in order"])
    expect(both.nearEnd.open).toBe(false)
    both.nearEnd.terminate()
    both.nearEnd.shutdown()
    both.nearEnd.pause()
    both.nearEnd.resume()
    expect(both.near.heard).toEqual(["closed in order"])
    await both.far.hears("closed ECONNRESET")
  })

  test("a write to a peer that has reset says -1, and the close that follows is no orderly one", async () => {
    using both = await pair()
    both.farEnd.terminate()
    // The reset is in the kernel; the event loop has not turned since.
    const count = both.nearEnd.write(bytes("too late"))
    expect(count).toBe(-1)
    await both.near.until(() => !both.nearEnd.open)
    expect(both.near.heard.at(-1)).toBe("closed EPIPE")
  })

  test("a paused end is told of a reset all the same", async () => {
    using both = await pair()
    both.farEnd.pause()
    both.nearEnd.terminate()
    await both.far.hears("closed ECONNRESET")
  })
})

test("a receiver that throws loses its own connection only, and the defect is not silent", async () => {
  const module = join(import.meta.dir, "../../src/net/end.ts")
  const program = `
    const { SocketEnd, socketHandlers, nobody } = await import("${module}")
    process.on("uncaughtException", (error) => console.log("caught", error.message))
    const bad = { ...nobody, data() { throw new Error("defect") }, closed: () => console.log("closed") }
    const good = { ...nobody, data(end, chunk) { end.write(chunk) } }
    let connections = 0
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { ...socketHandlers, open(socket) {
      socket.data = new SocketEnd(connections++ === 0 ? good : bad)
      socket.data.attach(socket)
    } } })
    const connect = (socket) => Bun.connect({ hostname: "127.0.0.1", port: listener.port, socket })
    const lasting = await connect({ data() { console.log("still served"); process.exit(0) } })
    const doomed = await connect({ data() {}, close() { lasting.write("x") } })
    doomed.write("x")
  `
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "pipe" })
  const output = await within(new Response(child.stdout).text(), "output")
  expect(output.trim().split("\n").toSorted()).toEqual(["caught defect", "closed", "still served"])
})
