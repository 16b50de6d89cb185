import { afterEach, beforeEach, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { ask } from "../../../src/cli/running/ask.ts"
import { healthcheck } from "../../../src/cli/running/healthcheck.ts"
import { settingsOf } from "../../support/settings.ts"

const answering = (answer: (request: Request) => Response) =>
  Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer })

/** A server that is no HTTP server: `greet` is called with each connection. */
const odd = (greet: (socket: Bun.Socket) => void) =>
  Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open: greet, data() {} } })

const check = (port: number, json = false) =>
  Effect.runPromise(healthcheck(settingsOf({ flags: { "health-port": String(port) } }), { json }))

const why = (effect: ReturnType<typeof ask>) =>
  Effect.runPromise(Effect.map(Effect.flip(effect), ({ message }) => message))

const names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
const before = names.map((name) => [name, process.env[name]] as const)

// Nobody listens there: a request that went by the environment would fail.
beforeEach(() => names.forEach((name) => (process.env[name] = "http://127.0.0.1:1")))
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
})

test("it is healthy when /readyz answers 200, whatever proxy the environment names", async () => {
  const asked: Array<string> = []
  await using server = answering((request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`)
    return new Response("ready\n")
  })
  expect(await check(server.port ?? 0)).toEqual({ stdout: "ready\n", stderr: "", code: 0 })
  expect(asked).toEqual(["GET /readyz"])
})

test("any other status is 1 with one line that names the address, the status and what was said", async () => {
  await using server = answering(() => new Response("draining\n", { status: 503 }))
  expect(await check(server.port ?? 0)).toEqual({
    stdout: "",
    stderr: `pillion: not ready: http://127.0.0.1:${server.port}/readyz answers 503 (draining)\n`,
    code: 1,
  })
  await using created = answering(() => new Response("", { status: 201 }))
  expect((await check(created.port ?? 0)).code).toBe(1)
})

test("what is said is shown only where it is one short printable line", async () => {
  for (const body of ["x".repeat(201), "\u001b[31mred", "\n", ""]) {
    await using server = answering(() => new Response(body, { status: 503 }))
    expect((await check(server.port ?? 0)).stderr).toEndWith("answers 503\n")
  }
})

test("a port where nothing listens is 1, and says what to look at", async () => {
  expect(await check(1)).toEqual({
    stdout: "",
    stderr: "pillion: not ready: nothing listens on 127.0.0.1:1; is the proxy running, with health-port 1?\n",
    code: 1,
  })
})

test("--json says the same in one object on stdout, with the same exit codes", async () => {
  await using ready = answering(() => new Response("ready"))
  const url = `http://127.0.0.1:${ready.port}/readyz`
  const healthy = await check(ready.port ?? 0, true)
  expect(JSON.parse(healthy.stdout)).toEqual({ ready: true, url, status: 200, reason: null })
  expect(healthy).toMatchObject({ stderr: "", code: 0 })
  const missing = await check(1, true)
  expect(JSON.parse(missing.stdout)).toMatchObject({ ready: false, url: "http://127.0.0.1:1/readyz", status: null })
  expect(missing).toMatchObject({ stderr: "", code: 1 })
})

test("a health port of 0 without a ports file is 1 and says what is missing, also in JSON", async () => {
  const text = await check(0)
  expect(text).toMatchObject({ stdout: "", code: 1 })
  expect(text.stderr).toMatch(/^pillion: not ready: health-port is 0, .*--ports-file\n$/)
  expect(JSON.parse((await check(0, true)).stdout)).toMatchObject({ ready: false, url: null, status: null })
})

test("a peer that never answers is given up at the deadline", async () => {
  using server = odd(() => {})
  expect(await why(ask("GET", server.port, "/readyz", 50))).toBe(`127.0.0.1:${server.port} did not answer within 50 ms`)
})

test("a peer that trickles does not move the deadline", async () => {
  let timer: ReturnType<typeof setInterval> | undefined
  using server = odd((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n")
    timer = setInterval(() => void socket.write("x"), 5)
  })
  const message = await why(ask("GET", server.port, "/readyz", 100))
  clearInterval(timer)
  expect(message).toContain("did not answer within 100 ms")
})

test("a peer that speaks another protocol, breaks off, or says too much is no health listener", async () => {
  for (const sent of ["SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 2000 OK\r\n\r\n", ""]) {
    using server = odd((socket) => {
      if (sent !== "") socket.write(sent)
      socket.shutdown()
    })
    expect(await why(ask("GET", server.port, "/readyz"))).toBe(`127.0.0.1:${server.port} does not answer in HTTP`)
  }
  using flood = odd((socket) => void socket.write("x".repeat(100_000)))
  expect(await why(ask("GET", flood.port, "/readyz"))).toBe(`127.0.0.1:${flood.port} does not answer in HTTP`)
  using rude = odd((socket) => void socket.terminate())
  expect(await why(ask("GET", rude.port, "/readyz"))).toStartWith(`127.0.0.1:${rude.port} `)
})
