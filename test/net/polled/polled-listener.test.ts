/** Listening by system calls: queues, failures of accept(2), and the limit of descriptors. */
import { describe, expect, test } from "bun:test"
import { constants } from "node:os"

import { unheard } from "../../../src/flow/shortfalls.ts"
import { nobody } from "../../../src/net/common/end.ts"
import { acceptRetryDelay, acceptBatch } from "../../../src/net/polled/polled-listener.ts"
import type { SocketEnd } from "../../../src/net/sockets/socket-end.ts"
import { address, descriptors } from "../../support/dialling.ts"
import { ascii } from "../../support/bytes.ts"
import { loopback, polled } from "../../support/pair.ts"
import { linesOf, pair, pollerOf, prelude, useFullTurns } from "../../support/polled.ts"
import { Condition, within } from "../../support/within.ts"

const inFullTurn = useFullTurns()

/** Why it cannot be listened there. */
const codeOf = (host: string, port: number): unknown => {
  try {
    polled.listen(address(host), port, () => {}).stop()
    return "none"
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error
  }
}

describe("a listener", () => {
  test("takes any number of connections that come at once, and each works", async () => {
    const count = 3 * acceptBatch + 5
    const condition = new Condition()
    const ends: Array<SocketEnd> = []
    const listener = polled.listen(loopback, 0, (end) => {
      ends.push(end)
      end.receiver = { ...nobody, data: (end, chunk) => void end.write(chunk) }
    })
    let answers = 0
    for (let i = 0; i < count; i++) {
      polled.connect(loopback, listener.port, {
        connected({ end }) {
          ends.push(end)
          end.receiver = {
            ...nobody,
            data() {
              answers++
              condition.changed()
            },
          }
          end.write(ascii("x"))
        },
        failed: (_, code) => expect.unreachable(code),
      })
    }
    await condition.until(
      () => (answers === count ? true : undefined),
      () => `${count} answers but ${answers}`,
    )
    listener.stop()
    for (const end of ends) end.terminate()
  })

  test("takes also those that wait when it is stopped, and nobody who comes later", async () => {
    const count = acceptBatch + 10
    let accepted = 0
    const over = Promise.withResolvers<void>()
    const listener = polled.listen(loopback, 0, (end) => {
      if (++accepted === 1) listener.stop()
      end.terminate()
      if (accepted === count) over.resolve()
    })
    // The kernel has connected each when this returns.
    for (let i = 0; i < count; i++) polled.connect(loopback, listener.port, { connected() {}, failed() {} })
    await within(over.promise, () => `${count} connections but ${accepted}`)
    const headLate = Promise.withResolvers<string>()
    polled.connect(loopback, listener.port, {
      connected: () => headLate.resolve("connected"),
      failed: (_, code) => headLate.resolve(code),
    })
    expect(await within(headLate.promise, "outcome")).toBe("ECONNREFUSED")
  })

  test("may be stopped twice, and stops nothing else then", async () => {
    const first = polled.listen(loopback, 0, () => expect.unreachable())
    first.stop()
    // It has the descriptor of the first.
    const accepted = Promise.withResolvers<void>()
    const second = polled.listen(loopback, 0, (end) => {
      end.terminate()
      accepted.resolve()
    })
    // More often than there are sockets: each counts as one that is not watched any more, if it counts at all.
    for (let i = 0; i < 100; i++) first.stop()
    await inFullTurn(() => {})
    // Not by a polled connection, which would have a loop that has ended begin again.
    const client = Bun.connect({ hostname: "127.0.0.1", port: second.port, socket: { data() {} } })
    await within(accepted.promise, "connection")
    second.stop()
    await client.catch(() => {})
  })

  test("says by its code why it cannot be, and leaves no descriptor behind", () => {
    const taken = polled.listen(loopback, 0, () => {})
    const base = descriptors()
    expect(codeOf("127.0.0.1", taken.port)).toBe("EADDRINUSE")
    expect(codeOf("192.0.2.1", 0)).toBe("EADDRNOTAVAIL")
    expect(descriptors()).toBe(base)
    taken.stop()
    expect(codeOf("127.0.0.1", taken.port)).toBe("none")
  })

  test("on port 0 has a port, another one each time", () => {
    const listeners = Array.from({ length: 5 }, () => polled.listen(loopback, 0, () => {}))
    const ports = listeners.map(({ port }) => port)
    for (const port of ports) expect(port).toBeWithin(1, 65536)
    expect(new Set(ports).size).toBe(5)
    for (const listener of listeners) listener.stop()
  })

  test("on :: takes both families", async () => {
    const accepted: Array<string> = []
    const condition = new Condition()
    const listener = polled.listen(address("::"), 0, (end, peer) => {
      accepted.push(peer.host)
      end.terminate()
      condition.changed()
    })
    for (const host of ["127.0.0.1", "::1"]) {
      polled.connect(address(host), listener.port, { connected() {}, failed() {} })
    }
    await condition.until(() => (accepted.length === 2 ? true : undefined), "two connections")
    expect(accepted.toSorted()).toEqual(["127.0.0.1", "[::1]"])
    listener.stop()
  })
})

describe("a defect", () => {
  test("of who accepts costs its own connection only", async () => {
    expect(
      await linesOf(`
        process.on("uncaughtException", (error) => console.log("caught", error.message))
        let connections = 0
        const { port } = sockets.listen(loopback, 0, (end) => {
          if (connections++ === 1) throw new Error("defect")
          end.receiver = { ...nobody, data: (end, chunk) => void end.write(chunk) }
        })
        const connect = (socket) => Bun.connect({ hostname: "127.0.0.1", port, socket })
        const first = await connect({ data() { console.log("first is served"); third() } })
        let told = false
        const second = () => {
          if (told) return
          told = true
          console.log("second is closed")
          first.write("x")
        }
        // The reset may overtake the news that it is connected.
        connect({ data() {}, close: second }).catch(second)
        const third = async () =>
          (await connect({ data() { console.log("third is served"); process.exit(0) } })).write("x")
      `),
    ).toEqual(["caught defect", "first is served", "second is closed", "third is served"])
  })
})

/** A listener whose accept fails so often, and what it was heard to say; each of its connections is ended at once. */
const failing = async (code: "EPERM" | "ECONNABORTED", times: number) => {
  using both = await pair()
  const poller = pollerOf(both.nearEnd)
  const { libc } = poller
  const heard: Array<string> = []
  poller.shortfalls = {
    ...unheard,
    cannotAccept: (port, why) => void heard.push(`${why} on ${port === listener.port}`),
    acceptsAgain: (port) => void heard.push(`again on ${port === listener.port}`),
  }
  const accepted = Promise.withResolvers<void>()
  const listener = polled.listen(loopback, 0, (end) => {
    end.terminate()
    accepted.resolve()
  })
  let left = times
  const { accept } = libc
  libc.accept = (fd, peer) => (left-- > 0 ? -constants.errno[code] : accept.call(libc, fd, peer))
  const started = performance.now()
  try {
    polled.connect(loopback, listener.port, { connected: ({ end }) => end.terminate(), failed() {} })
    await within(accepted.promise, "accepted connection")
    return { heard, calls: times - left, milliseconds: performance.now() - started }
  } finally {
    libc.accept = accept
    poller.shortfalls = unheard
    listener.stop()
  }
}

describe("where accept(2) fails", () => {
  test("because it is refused the listener rests, longer each time, and says so", async () => {
    const { heard, milliseconds } = await failing("EPERM", 3)
    expect(heard).toEqual(["EPERM on true", "EPERM on true", "EPERM on true", "again on true"])
    expect(milliseconds).toBeGreaterThan(7 * acceptRetryDelay - 20)
  })

  test("by what the connection had already the next one is taken at once", async () => {
    const { heard, milliseconds } = await failing("ECONNABORTED", acceptBatch - 1)
    expect(heard).toEqual([])
    expect(milliseconds).toBeLessThan(acceptRetryDelay)
  })

  test("by that again and again it rests too", async () => {
    const { heard } = await failing("ECONNABORTED", acceptBatch)
    expect(heard).toEqual(["ECONNABORTED on true", "again on true"])
  })
})

test("at the limit of descriptors a listener rests, and takes those that waited when there are some again", async () => {
  const count = 100
  const program = `
    ${prelude}
    const ends = []
    let accepted = 0
    const said = (what) => console.log(JSON.stringify(what))
    const listener = sockets.listen(loopback, 0, (end) => {
      accepted++
      ends.push(end)
      if (accepted === ${count}) {
        said({ accepted })
        process.exit(0)
      }
      if (recovering) end.terminate()
    })
    let recovering = false
    process.stdin.once("data", () => {
      const before = process.cpuUsage()
      setTimeout(() => {
        const { user, system } = process.cpuUsage(before)
        said({ accepted, busy: (user + system) / 300_000 })
        recovering = true
        for (const end of ends) end.terminate()
      }, 300)
    })
    said({ port: listener.port })
  `
  await using child = Bun.spawn(["sh", "-c", 'ulimit -n 48; exec "$0" -e "$1"', process.execPath, program], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  })
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  let buffered = ""
  const line = async (): Promise<{ port?: number; accepted?: number; busy?: number }> => {
    while (!buffered.includes("\n")) {
      const { done, value } = await within(lines.read(), "line of the child")
      if (done) throw new Error("the child has ended")
      buffered += value
    }
    const [first, ...rest] = buffered.split("\n")
    buffered = rest.join("\n")
    return JSON.parse(first!)
  }
  const { port } = await line()
  const condition = new Condition()
  const ends: Array<SocketEnd> = []
  for (let i = 0; i < count; i++) {
    polled.connect(loopback, port!, {
      connected({ end }) {
        end.receiver = nobody
        ends.push(end)
        condition.changed()
      },
      failed: (_, code) => expect.unreachable(code),
    })
  }
  // The kernel has them all, whether they are accepted or not.
  await condition.until(() => (ends.length === count ? true : undefined), "connections")
  child.stdin.write("go\n")
  child.stdin.flush()
  const starved = await line()
  expect(starved.accepted).toBeWithin(5, 48)
  expect(starved.busy).toBeLessThan(0.5)
  expect(await line()).toEqual({ accepted: count })
  expect(await within(child.exited, "end of the child")).toBe(0)
  for (const end of ends) end.terminate()
})
