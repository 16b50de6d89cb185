/** WebSockets, event streams, and connections that nobody reads, as the executable records them. */
import { describe, expect, test } from "bun:test"
import { connect as connectTls } from "node:tls"

import type { SocketRecord } from "../../src/capture/record.ts"
import { ascii, join } from "../support/bytes.ts"
import { startCaptured } from "../support/captured.ts"
import { openTunnel } from "../support/clients.ts"
import { serverHello } from "../support/hellos.ts"
import { greeter, httpOrigin, ok, origin } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { eventually, within } from "../support/within.ts"
import { closeFrame, frame } from "../support/websocket.ts"

/** Milliseconds: clocks that are read by the millisecond, and once in each process. */
const clockError = 3

/** Milliseconds that a frame or chunk may be away from the moment in which it was sent, where nothing else runs. */
const precision = 5

/** When something was sent and when it had come, in milliseconds since the epoch. */
interface Passage {
  readonly sent: number
  came: number
}

/**
 * Each time lies between the moments in which it was sent and had come, which holds on a machine that is busy as well;
 * and the best of them, which no other program has held up, is exact.
 */
const expectTimes = (started: string, times: ReadonlyArray<number>, passages: ReadonlyArray<Passage>): void => {
  expect(times).toHaveLength(passages.length)
  const began = Date.parse(started)
  const late = times.map((t, i) => began + t - passages[i]!.sent)
  for (const [i, t] of times.entries()) {
    expect(late[i]).toBeGreaterThanOrEqual(-clockError)
    expect(began + t).toBeLessThanOrEqual(passages[i]!.came + clockError)
  }
  expect(Math.min(...late.map(Math.abs))).toBeLessThanOrEqual(precision)
}

/** A WebSocket server that echoes, and closes when it is told to. */
const echoing = (compressed: boolean) =>
  Bun.serve<undefined>({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("no")),
    websocket: {
      perMessageDeflate: compressed,
      message: (socket, message) => void socket.send(message, compressed),
    },
  })

const next = (socket: WebSocket, event: "open" | "message" | "close"): Promise<unknown> =>
  new Promise((resolve) => socket.addEventListener(event, resolve, { once: true }))

/** Sends messages one after another, each when the one before has come back. */
const converse = async (socket: WebSocket, messages: ReadonlyArray<string | Uint8Array>) => {
  socket.binaryType = "arraybuffer"
  await within(next(socket, "open"), "open WebSocket", 10_000)
  const passages: Array<Passage> = []
  for (const message of messages) {
    const passage = { sent: Date.now(), came: 0 }
    const echoed = next(socket, "message")
    socket.send(message as string)
    await within(echoed, "message that comes back", 10_000)
    passage.came = Date.now()
    passages.push(passage)
  }
  const closed = next(socket, "close")
  socket.close(1000, "that was all")
  await within(closed, "close", 10_000)
  return passages
}

const messages = ["hello", '{"say":"hello hello hello hello"}', Uint8Array.of(0, 1, 2, 255), "x".repeat(100_000), "bye"]

const expectConversation = (record: SocketRecord, passages: ReadonlyArray<Passage>): void => {
  for (const from of ["client", "target"] as const) {
    const frames = record.frames.filter((each) => each.from === from && (each.op === "text" || each.op === "binary"))
    expect(frames.map(({ text, base64 }) => text ?? [...Uint8Array.fromBase64(base64 ?? "")])).toEqual(
      messages.map((each) => (typeof each === "string" ? each : [...each])),
    )
    expectTimes(
      record.started,
      frames.map(({ t }) => t),
      passages,
    )
  }
  expect(record.close).toEqual({ code: 1000, reason: "that was all" })
  expect(record.response?.line.status).toBe(101)
  expect(record.lost).toBeUndefined()
  expect(record.truncated).toBeUndefined()
}

describe("a WebSocket", () => {
  test.each([false, true])("that is carried as it is, compressed: %p", async (compressed) => {
    using server = echoing(compressed)
    await using captured = await startCaptured({ flags: ["--proxy-host=127.0.0.1", `--proxy-port=${server.port}`] })
    const socket = new WebSocket(`ws://127.0.0.1:${captured.pillion.ports.in}/chat?token=s3cret-s3cret`)
    const passages = await converse(socket, messages)
    const record = await captured.record("socket")
    expectConversation(record, passages)
    expect(record.direction).toBe("inbound")
    expect(record.request.line.target).toMatch(/^\/chat\?token=tok_[0-9a-f]{12}$/)
    if (compressed) expect(record.frames.some(({ wire, size }) => wire !== undefined && wire < size / 10)).toBe(true)
  })

  test("in a tunnel of an outbound proxy", async () => {
    using server = echoing(false)
    await using captured = await startCaptured()
    const proxy = `http://127.0.0.1:${captured.pillion.ports.out}`
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/chat`, { proxy } as never)
    const passages = await converse(socket, messages)
    const record = await captured.record("socket")
    expectConversation(record, passages)
    expect(record).toMatchObject({ direction: "outbound", target: `127.0.0.1:${server.port}` })
  })

  test("that an exchange makes, whose target speaks in the same piece as its answer", async () => {
    const mask = [1, 2, 3, 4]
    using server = await httpOrigin((_, peer) => {
      const switched = ascii("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
      peer.send(join(switched, frame({ payload: "first" })))
      return undefined
    })
    await using captured = await startCaptured()
    using client = await rawConnect(captured.pillion.ports.out)
    client.send(`GET http://${server.authority}/ HTTP/1.1\r\nHost: ${server.authority}\r\nUpgrade: websocket\r\n`)
    client.send("Connection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n")
    await client.readUntil("first")
    client.send(frame({ payload: "in ", final: false, mask }))
    client.send(frame({ op: "continuation", payload: "two", mask }))
    client.send(closeFrame(1001, "going away", mask))
    const target = await server.accepted()
    await target.read(9 + 9 + 18)
    client.end()
    target.end()
    const record = await captured.record("socket")
    expect(record.frames.map(({ from, op, text, fragments }) => [from, op, text, fragments?.length])).toEqual([
      ["target", "text", "first", undefined],
      ["client", "text", "in two", 2],
      ["client", "close", undefined, undefined],
    ])
    expect(record).toMatchObject({ close: { code: 1001, reason: "going away" }, bytes_in: 36, bytes_out: 7 })
  })
})

test("an event stream that curl reads has its events with their times", async () => {
  const passages: Array<Passage> = []
  const next: Array<() => void> = []
  using server = await httpOrigin((_, peer) => {
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    const send = (n: number): void => {
      if (n === 20) return void peer.send("0\r\n\r\n")
      const event = `id: ${n}\ndata: {"n":${n}}\n\n`
      passages.push({ sent: Date.now(), came: 0 })
      peer.send(`${event.length.toString(16)}\r\n${event}\r\n`)
      next.push(() => send(n + 1))
    }
    send(0)
    return undefined
  })
  await using captured = await startCaptured()
  const curl = Bun.spawn(
    ["curl", "-sN", "-x", `http://127.0.0.1:${captured.pillion.ports.out}`, `http://${server.authority}/`],
    {
      stdout: "pipe",
      env: {},
    },
  )
  let text = ""
  let seen = 0
  for await (const piece of curl.stdout) {
    text += Buffer.from(piece).toString()
    for (const count = text.split("\n\n").length - 1; seen < count; seen++) {
      passages[seen]!.came = Date.now()
      next[seen]?.()
    }
  }
  expect(await curl.exited).toBe(0)
  const record = await captured.record("exchange")
  const body = record.response?.body
  expect(body?.text).toBe(text)
  expectTimes(record.started, body?.events ?? [], passages)
  expectTimes(
    record.started,
    (body?.chunks ?? []).map(([t]) => t),
    passages,
  )
})

/** What a TLS client says first. */
const helloOfRealClient = async (): Promise<Uint8Array> => {
  using server = await origin()
  const client = connectTls({
    host: "127.0.0.1",
    port: server.port,
    servername: "a.example",
    ALPNProtocols: ["h2", "http/1.1"],
  })
  client.on("error", () => {})
  const peer = await server.accepted()
  const header = await peer.read(5)
  const hello = join(header, await peer.read(header.readUInt16BE(3)))
  client.destroy()
  return hello
}

describe("what nobody reads:", () => {
  test("a server that speaks first, without a byte of it", async () => {
    using server = await greeter("220 mail.example ESMTP\r\n")
    await using captured = await startCaptured()
    using client = await openTunnel("socks5", captured.pillion.ports.out, server.port)
    await client.readUntil("ESMTP\r\n")
    client.send("EHLO me\r\n")
    await client.readUntil("EHLO me\r\n")
    client.end()
    const record = await captured.record("stream")
    expect(record).toMatchObject({ guess: "smtp", target: server.authority, bytes_in: 9, bytes_out: 24 + 9 })
    expect(record).not.toHaveProperty("first")
    expect(record.end).toBeUndefined()
  })

  test("its first bytes, if they are asked for", async () => {
    using server = await greeter("hello ")
    await using captured = await startCaptured({ flags: ["--capture-opaque"] })
    using client = await openTunnel("connect", captured.pillion.ports.out, server.port)
    await client.readUntil("hello ")
    client.send("\0\x01 AKIAIOSFODNN7EXAMPLE\n")
    await client.readUntil("\n")
    client.end()
    const { first } = await captured.record("stream")
    expect(atob(first?.client ?? "")).toMatch(/^\0\x01 tok_[0-9a-f]{12}\n$/)
    expect(atob(first?.target ?? "")).toMatch(/^hello /)
  })

  test("TLS, by what both sides say in the clear", async () => {
    const hello = await helloOfRealClient()
    const choice = serverHello({ versions: [0x0304] })
    using server = await origin()
    await using captured = await startCaptured()
    using client = await openTunnel("connect", captured.pillion.ports.out, server.port)
    client.send(hello)
    const target = await server.accepted()
    await target.read(hello.length)
    target.send(choice)
    await client.read(choice.length)
    client.end()
    target.end()
    expect(await captured.record("tunnel")).toMatchObject({
      sni: "a.example",
      tls: { opened: false, version: "1.3", cipher: "TLS_AES_128_GCM_SHA256", sni: "a.example" },
      offered: ["h2", "http/1.1"],
      versions: expect.arrayContaining(["1.3", "1.2"]),
      bytes_in: hello.length,
      bytes_out: choice.length,
      unopened: "TLS is carried as it is",
    })
  })

  test("HTTP that cannot be followed any more", async () => {
    using server = await httpOrigin(() => ok("fine"))
    await using captured = await startCaptured({ flags: ["--proxy-host=127.0.0.1", `--proxy-port=${server.port}`] })
    using client = await rawConnect(captured.pillion.ports.in)
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
    await client.readUntil("fine")
    client.send("GET /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n")
    await eventually(() => Promise.resolve(server.connections[0]!.received), 78, "bytes at the target")
    client.end()
    for (const peer of server.connections) peer.end()
    const record = await captured.record("stream")
    expect(record).toMatchObject({ n: 2, direction: "inbound", lost: expect.stringContaining("a request: ") })
    expect((await captured.record("exchange")).request.line.target).toBe("/1")
  })
})
