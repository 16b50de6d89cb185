/** The health listener over real HTTP. */
import { afterEach, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

import { serveHealth } from "../../src/admin/health.ts"
import { rawConnect } from "../support/peer.ts"

const scopes: Array<Scope.Closeable> = []

/** Serves until the test is over. */
const start = async (state: { started: boolean; draining: boolean }) => {
  const scope = Effect.runSync(Scope.make())
  scopes.push(scope)
  const serving = serveHealth({
    port: 0,
    state: { started: () => state.started, draining: () => state.draining },
    metrics: () => "a_total 1\n",
  })
  const { port } = await Effect.runPromise(Scope.provide(serving, scope))
  const ask = async (path: string, init?: RequestInit, host = "127.0.0.1"): Promise<readonly [number, string]> => {
    const answer = await fetch(`http://${host}:${port}${path}`, { ...init, proxy: "" })
    return [answer.status, await answer.text()]
  }
  return { port, ask, scope }
}

afterEach(async () => {
  for (const scope of scopes.splice(0)) await Effect.runPromise(Scope.close(scope, Exit.void))
})

test("it is alive from the beginning, started when everything listens, and ready until it drains", async () => {
  const state = { started: false, draining: false }
  const { ask } = await start(state)
  const statuses = async () => {
    const answers = await Promise.all(["/livez", "/startupz", "/readyz"].map((path) => ask(path)))
    return answers.map(([status, body]) => `${status} ${body}`)
  }
  expect(await statuses()).toEqual(["200 ok\n", "503 starting\n", "503 starting\n"])
  state.started = true
  expect(await statuses()).toEqual(["200 ok\n", "200 started\n", "200 ready\n"])
  state.draining = true
  expect(await statuses()).toEqual(["200 ok\n", "200 started\n", "503 draining\n"])
})

test("it answers on both families", async () => {
  const { ask } = await start({ started: true, draining: false })
  for (const host of ["127.0.0.1", "127.0.0.2", "[::1]"]) expect((await ask("/readyz", {}, host))[0]).toBe(200)
})

test("the names that other sidecars use for /livez work too, with any query", async () => {
  const { ask } = await start({ started: false, draining: true })
  for (const path of ["/healthz", "/health", "/livez?verbose"]) expect(await ask(path)).toEqual([200, "ok\n"])
})

test("metrics have the content type of their format", async () => {
  const { port } = await start({ started: true, draining: false })
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { proxy: "" })
  expect(answer.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8")
  expect(await answer.text()).toBe("a_total 1\n")
})

test("an unknown path is 404, a method that changes something is 405, and HEAD has no body", async () => {
  const { port, ask } = await start({ started: true, draining: false })
  for (const path of ["/", "/config", "/constructor", "/livez/"]) expect((await ask(path))[0]).toBe(404)
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) expect((await ask("/livez", { method }))[0]).toBe(405)
  const refused = await fetch(`http://127.0.0.1:${port}/livez`, { method: "POST", proxy: "" })
  expect(refused.headers.get("Allow")).toBe("GET, HEAD")
  expect(await ask("/readyz", { method: "HEAD" })).toEqual([200, ""])
})

test("the head of HEAD is that of GET, the length of the body included, and the next answer follows", async () => {
  const { port } = await start({ started: true, draining: true })
  for (const path of ["/livez", "/readyz", "/metrics", "/nowhere"]) {
    using asked = await rawConnect(port)
    asked.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    const [head = "", body = ""] = (await asked.readToEnd()).toString().split("\r\n\r\n")
    expect(head).toContain(`content-length: ${body.length}`)
    using headOnly = await rawConnect(port)
    headOnly.send(
      `HEAD ${path} HTTP/1.1\r\nHost: x\r\n\r\nHEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    )
    const heads = (await headOnly.readToEnd()).toString()
    expect(heads).toBe(`${head.replace("connection: close", "connection: keep-alive")}\r\n\r\n${head}\r\n\r\n`)
  }
})

test("a probe in HTTP/1.0 without Host is answered", async () => {
  const { port } = await start({ started: true, draining: false })
  using client = await rawConnect(port)
  client.send("GET /readyz HTTP/1.0\r\n\r\n")
  expect(new TextDecoder().decode(await client.read(12))).toBe("HTTP/1.1 200")
})

test("a port in use is a ListenFailed that names the option", async () => {
  const { port } = await start({ started: true, draining: false })
  const again = serveHealth({ port, state: { started: () => true, draining: () => false }, metrics: () => "" })
  const failed = await Effect.runPromise(Effect.flip(Effect.scoped(again)))
  expect(failed).toMatchObject({ _tag: "ListenFailed", what: "health", address: "::", port, code: "EADDRINUSE" })
  expect(failed.message).toContain("--health-port")
})

test("the port is free when the scope has closed", async () => {
  const { port, scope } = await start({ started: true, draining: false })
  await Effect.runPromise(Scope.close(scope, Exit.void))
  const again = serveHealth({ port, state: { started: () => true, draining: () => false }, metrics: () => "" })
  expect(await Effect.runPromise(Effect.scoped(again))).toEqual({ address: "::", port })
})
