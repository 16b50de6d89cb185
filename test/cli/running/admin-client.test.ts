/** The admin client against listeners that answer as the proxy does, or not at all as it would. */
import { afterEach, expect, test } from "bun:test"
import { createServer, type Server, type Socket } from "node:net"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

import { follow, get, maxLine, put } from "../../../src/cli/running/admin-client.ts"
import { eventually } from "../../support/within.ts"

const servers: Array<Server> = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A listener that gives the first bytes of every connection to `answer`; its port. */
const serve = async (answer: (socket: Socket, request: string) => void): Promise<number> => {
  const server = createServer((socket) => {
    socket.on("error", () => {})
    socket.once("data", (bytes) => answer(socket, bytes.toString()))
  })
  servers.push(server)
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

const ok = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

/** Writes pieces, each when the one before has been taken, and then ends; nothing more once the peer has gone. */
const send = (socket: Socket, pieces: Iterable<string | Uint8Array>): void => {
  const rest = pieces[Symbol.iterator]()
  const next = (): void => {
    const { done, value } = rest.next()
    if (done === true) return void socket.end()
    socket.write(value, (error) => (error instanceof Error ? undefined : next()))
  }
  next()
}

const failure = async <A>(effect: Effect.Effect<A, { readonly message: string; readonly status?: number }>) => {
  const exit = await Effect.runPromiseExit(Effect.flip(effect))
  if (Exit.isFailure(exit)) throw new Error("it should have failed")
  return exit.value
}

test("the token is a bearer token of the request, and without one there is none", async () => {
  const requests: Array<string> = []
  const port = await serve((socket, request) => {
    requests.push(request)
    socket.end(`${ok}yes`)
  })
  expect(await Effect.runPromise(get(port, "/captures/1", "secret"))).toBe("yes")
  expect(await Effect.runPromise(get(port, "/connections"))).toBe("yes")
  expect(await Effect.runPromise(put(port, "/capture", "on", "secret"))).toBe("yes")
  const host = `Host: 127.0.0.1:${port}\r\n`
  expect(requests).toEqual([
    `GET /captures/1 HTTP/1.0\r\n${host}Authorization: Bearer secret\r\n\r\n`,
    `GET /connections HTTP/1.0\r\n${host}\r\n`,
    `PUT /capture HTTP/1.0\r\n${host}Authorization: Bearer secret\r\nContent-Length: 2\r\n\r\non`,
  ])
})

test("an answer that says no has its status and its words", async () => {
  const port = await serve((socket) => socket.end("HTTP/1.1 401 Unauthorized\r\n\r\nno token\n"))
  const { message, status } = await failure(get(port, "/captures"))
  expect(status).toBe(401)
  expect(message).toStartWith(`127.0.0.1:${port} answers 401 (no token)`)
})

test("what is not HTTP is told apart, and has no status", async () => {
  const port = await serve((socket) => socket.end("220 mail.example\r\n\r\n"))
  const { message, status } = await failure(get(port, "/captures"))
  expect(status).toBeUndefined()
  expect(message).toStartWith(`127.0.0.1:${port} answers not in HTTP`)
})

test("a record with two bodies of 16 MiB passes, read at once and followed", async () => {
  const body = "\\n".repeat(16 * 1024 * 1024)
  const pieces = (): ReadonlyArray<string> => [ok, '{"a":"', body, '","b":"', body, '"}\n']
  const port = await serve((socket) => send(socket, pieces()))
  const length = pieces().join("").length - ok.length
  expect((await Effect.runPromise(get(port, "/captures/1"))).length).toBe(length)
  const lengths: Array<number> = []
  await Effect.runPromise(follow(port, "/captures", (line) => void lengths.push(line.length)))
  expect(lengths).toEqual([length - 1])
})

test("a list of 32 MiB comes line by line, the first before the last was sent", async () => {
  const line = `{"id":"${"é".repeat(512 * 1024)}"}`
  let heard = 0
  let heardBeforeTheLast = 0
  const pieces = function* (): Generator<string | Uint8Array> {
    yield ok
    for (let n = 0; n < 32; n++) {
      heardBeforeTheLast = heard
      // Cut inside of a character.
      const bytes = Buffer.from(`${line}\n`)
      yield bytes.subarray(0, 1000)
      yield bytes.subarray(1000)
    }
  }
  const port = await serve((socket) => send(socket, pieces()))
  const different = new Set<string>()
  await Effect.runPromise(
    follow(port, "/captures", (text) => {
      heard++
      different.add(text)
    }),
  )
  expect(heard).toBe(32)
  expect([...different]).toEqual([line])
  expect(heardBeforeTheLast).toBeGreaterThan(0)
})

test("lines are the same however they are cut, empty ones are none, and a last one without an end is none", async () => {
  const bytes = Buffer.from(`${ok}\n{"a":1}\n\n{"é":2}\n{"cut`)
  const port = await serve((socket) => {
    socket.setNoDelay(true)
    send(
      socket,
      [...bytes].map((byte) => Uint8Array.of(byte)),
    )
  })
  const lines: Array<string> = []
  await Effect.runPromise(follow(port, "/tap", (line) => void lines.push(line)))
  expect(lines).toEqual(['{"a":1}', '{"é":2}'])
})

test("a line longer than any record is not collected", async () => {
  const piece = "x".repeat(8 * 1024 * 1024)
  let sent = 0
  const pieces = function* (): Generator<string> {
    yield ok
    for (;;) {
      sent += piece.length
      yield piece
    }
  }
  const port = await serve((socket) => send(socket, pieces()))
  const { message } = await failure(follow(port, "/tap", () => {}))
  expect(message).toStartWith(`127.0.0.1:${port} sends more than the proxy would`)
  expect(sent).toBeLessThan(maxLine + 64 * 1024 * 1024)
})

test("whoever cannot keep up is given nothing more until it can: the sender sees that", async () => {
  const line = `${"x".repeat(1024 * 1024)}\n`
  let sent = 0
  const pieces = function* (): Generator<string> {
    yield ok
    while (sent < 64) {
      sent++
      yield line
    }
  }
  const port = await serve((socket) => send(socket, pieces()))
  const gates: Array<() => void> = []
  let heard = 0
  const following = Effect.runPromise(
    follow(
      port,
      "/tap",
      () => void heard++,
      undefined,
      () => (heard === 1 ? new Promise<void>((resolve) => void gates.push(resolve)) : undefined),
    ),
  )
  await eventually(() => Promise.resolve(gates.length), 1, "the wait")
  // What the kernel holds for both sides is far less.
  const atRest = async (): Promise<boolean> => {
    const before = sent
    await new Promise((resolve) => setTimeout(resolve, 50))
    return sent === before
  }
  await eventually(atRest, true, "the sender's rest")
  expect({ heard, stopped: sent < 64 }).toEqual({ heard: 1, stopped: true })
  heard++
  gates[0]?.()
  await following
  expect(heard).toBe(65)
})
