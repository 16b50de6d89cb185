/** The admin listener over real HTTP. */
import { afterEach, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

import { type AdminParts, serveAdmin } from "../../src/admin/admin.ts"
import { maxList } from "../../src/admin/connections.ts"
import { maxBody } from "../../src/admin/serve.ts"
import { text } from "../../src/admin/router.ts"
import { makeTap } from "../../src/admin/tap.ts"
import type { Flow } from "../../src/flow/flow.ts"
import { connectionEntry } from "../support/entries.ts"
import { flowOf } from "../support/flows.ts"
import type { LogLevel } from "../../src/flow/levels.ts"
import { Recent } from "../../src/observe/access/recent.ts"
import { asLine } from "../support/line.ts"
import { Condition } from "../support/within.ts"

const scopes: Array<Scope.Closeable> = []

/** What the listener did. */
class Program {
  level: LogLevel = "info"
  flows: Array<Flow> = []
  readonly recent = new Recent()
  readonly acts: Array<string> = []
  readonly acted = new Condition()

  act(what: string): void {
    this.acts.push(what)
    this.acted.changed()
  }
}

/** Serves until the test is over. */
const start = async (program = new Program()) => {
  const scope = Effect.runSync(Scope.make())
  scopes.push(scope)
  const parts: AdminParts = {
    port: 0,
    state: { started: () => true, draining: () => false },
    version: { name: "pillion", version: "1.2.3" },
    config: () => [{ option: "proxy-port", value: 80, origin: "default" }],
    connections: () => program.flows,
    recent: program.recent,
    tap: makeTap(program.recent, () => text(401, "no records")),
    captures: [],
    destinations: (routesOf) => ({ routesOf: routesOf ?? "all" }),
    history: (after) => ({ after }),
    metrics: () => "a_metric 1\n",
    stop: () => program.act("stop"),
    prospect: "draining, then ending",
    level: () => program.level,
    setLevel: (level) => void (program.level = level),
  }
  const served = await Effect.runPromise(Scope.provide(serveAdmin(parts), scope))
  const port = served[0]?.port ?? 0
  const ask = (path: string, init?: RequestInit, host = "127.0.0.1"): Promise<Response> =>
    fetch(`http://${host}:${port}${path}`, { ...init, proxy: "" })
  return { parts, program, served, port, ask, scope }
}

afterEach(async () => {
  for (const scope of scopes.splice(0)) await Effect.runPromise(Scope.close(scope, Exit.void))
})

test("it listens on both loopback addresses, with one port, and on no other", async () => {
  const { served, port, ask } = await start()
  expect(served).toEqual([
    { address: "127.0.0.1", port },
    { address: "::1", port },
  ])
  expect((await ask("/version", {}, "[::1]")).status).toBe(200)
  expect(await ask("/version", {}, "127.0.0.2").catch(() => "refused")).toBe("refused")
})

test("it tells version, state and its paths, and the settings with their origins", async () => {
  const { ask } = await start()
  expect(await (await ask("/")).json()).toMatchObject({ version: "1.2.3", state: "ready", paths: expect.any(Array) })
  expect(await (await ask("/version")).json()).toEqual({ name: "pillion", version: "1.2.3" })
  expect(await (await ask("/config")).json()).toEqual([{ option: "proxy-port", value: 80, origin: "default" }])
})

test("it shows the connections that are open, the oldest first and not without end", async () => {
  const program = new Program()
  const { ask } = await start(program)
  expect(await (await ask("/connections")).json()).toEqual({ total: 0, connections: [], first: 1, ended: [] })
  program.flows = Array.from({ length: maxList + 5 }, (_, i) => flowOf({ id: i }))
  Object.assign(program.flows[0] ?? {}, { protocol: "socks5", phase: "dial", target: "example.com:443" })
  const { total, connections } = (await (await ask("/connections")).json()) as {
    readonly total: number
    readonly connections: ReadonlyArray<unknown>
  }
  expect([total, connections.length]).toEqual([maxList + 5, maxList])
  expect(connections[0]).toMatchObject({
    flow: 0,
    direction: "outbound",
    protocol: "socks5",
    phase: "dial",
    client: "127.0.0.1:40000",
    target: "example.com:443",
  })
})

test("it shows how many bytes a tunnel has carried so far, and how old it is", async () => {
  const program = new Program()
  const { ask } = await start(program)
  const flow = flowOf({ bytesIn: 12, bytesOut: 34 })
  program.flows = [flow]
  const { connections } = (await (await ask("/connections")).json()) as { readonly connections: ReadonlyArray<object> }
  expect(connections).toMatchObject([{ bytes_in: 12, bytes_out: 34, age: expect.any(Number) }])
})

test("it shows what ended last, from a number on", async () => {
  const program = new Program()
  const { ask } = await start(program)
  for (let i = 1; i <= 3; i++) {
    const entry = connectionEntry(flowOf({ id: i }), 0)
    program.recent.add(asLine(`${JSON.stringify(entry)}\n`))
  }
  const ended = async (query: string) => (await (await ask(`/connections${query}`)).json()) as object
  expect(await ended("")).toMatchObject({ first: 1, ended: [{ flow: 1 }, { flow: 2 }, { flow: 3 }] })
  expect(await ended("?after=2")).toMatchObject({ first: 3, ended: [{ flow: 3 }] })
  expect(await ended("?after=3")).toMatchObject({ first: 4, ended: [] })
  expect(await ended("?after=x")).toMatchObject({ first: 1 })
})

test("it shows the numbers by destination, with the routes that are asked for, and the history from a number on", async () => {
  const { ask } = await start()
  const shown = async (path: string): Promise<unknown> => (await ask(path)).json()
  expect(await shown("/destinations")).toEqual({ routesOf: "all" })
  expect(await shown("/destinations?routes=a.example%3A443")).toEqual({ routesOf: "a.example:443" })
  expect(await shown("/destinations?routes=")).toEqual({ routesOf: "" })
  expect([await shown("/history"), await shown("/history?after=7"), await shown("/history?after=x")]).toEqual([
    { after: 0 },
    { after: 7 },
    { after: 0 },
  ])
})

test("it serves the metrics too, for who may reach only loopback", async () => {
  const { ask } = await start()
  expect(await (await ask("/metrics")).text()).toBe("a_metric 1\n")
})

test("the log level can be read and changed while it runs", async () => {
  const { ask, program } = await start()
  const put = async (body: string): Promise<number> => (await ask("/logging", { method: "PUT", body })).status
  expect(await (await ask("/logging")).json()).toEqual({ level: "info" })
  expect([await put("debug"), program.level]).toEqual([200, "debug"])
  expect([await put('{"level": "warn"}'), program.level]).toEqual([200, "warn"])
  for (const wrong of ["", "loud", '{"level":"loud"}', '{"level":7}', "[]"]) {
    expect([wrong, await put(wrong), program.level]).toEqual([wrong, 400, "warn"])
  }
  expect(await put(`"${"x".repeat(maxBody)}"`)).toBe(413)
})

test("drain and quitquitquit act on POST only, after they have answered", async () => {
  const { ask, program } = await start()
  for (const path of ["/drain", "/quitquitquit"]) expect((await ask(path)).status).toBe(405)
  expect(program.acts).toEqual([])
  expect((await ask("/drain", { method: "POST" })).status).toBe(202)
  await program.acted.until(() => program.acts[0], "drain")
  expect((await ask("/quitquitquit", { method: "POST" })).status).toBe(202)
  await program.acted.until(() => program.acts[1], "the second")
  expect(program.acts).toEqual(["stop", "stop"])
})

test("whoever asks for the end gets the answer, though the end closes the listener at once", async () => {
  const { ask, program, scope } = await start()
  program.act = () => void Effect.runFork(Scope.close(scope, Exit.void))
  const answer = await ask("/quitquitquit", { method: "POST" })
  expect([answer.status, await answer.text()]).toEqual([202, "draining, then ending\n"])
})

test("a Host that is not loopback is refused, as a rebound name would send it", async () => {
  const { ask, port } = await start()
  const status = async (host: string): Promise<number> => (await ask("/config", { headers: { Host: host } })).status
  for (const host of ["localhost", `localhost:${port}`, "127.0.0.1", "127.1.2.3:1", `[::1]:${port}`, "LOCALHOST"]) {
    expect([host, await status(host)]).toEqual([host, 200])
  }
  const others = [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example:4100",
    "[::2]",
    "10.0.0.1",
  ]
  for (const host of others) expect([host, await status(host)]).toEqual([host, 403])
})

test("a change that another site's page asks for is refused", async () => {
  const { ask, program, port } = await start()
  const post = async (origin: string): Promise<number> =>
    (await ask("/drain", { method: "POST", headers: { Origin: origin } })).status
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1:1", `https://127.0.0.1:${port}`]) {
    expect([origin, await post(origin)]).toEqual([origin, 403])
  }
  const put = await ask("/logging", { method: "PUT", body: "debug", headers: { Origin: "http://evil.example" } })
  expect([put.status, program.level, program.acts]).toEqual([403, "info", []])
  expect(await post(`http://127.0.0.1:${port}`)).toBe(202)
  await program.acted.until(() => program.acts[0], "drain")
})

test("nothing is told to the page of another origin, be it of this machine, and nothing is changed for it", async () => {
  const { ask } = await start()
  const by = async (site: string, method: string, path: string): Promise<number> =>
    (await ask(path, { method, headers: { "Sec-Fetch-Site": site } })).status
  for (const site of ["cross-site", "same-site", "", "None"]) {
    for (const path of ["/", "/connections", "/config", "/destinations", "/history", "/tap"])
      expect([site, await by(site, "GET", path)]).toEqual([site, 403])
    expect([site, await by(site, "POST", "/drain")]).toEqual([site, 403])
  }
  expect(await by("none", "POST", "/drain")).toBe(403)
  expect(await by("none", "GET", "/connections")).toBe(200)
  expect(await by("same-origin", "GET", "/connections")).toBe(200)
  expect(await by("none", "PUT", "/logging")).toBe(403)
})

test("a link to the status page may be followed from anywhere; what it shows is asked for by the page alone", async () => {
  const { ask } = await start()
  const follow = async (path: string, more: Record<string, string> = {}, method = "GET"): Promise<number> => {
    const headers = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" }
    return (await ask(path, { method, headers: { ...headers, Accept: "text/html", ...more } })).status
  }
  expect(await follow("/")).toBe(200)
  // Neither in a frame, nor read by a script, nor anything else than the document.
  expect(await follow("/", { "Sec-Fetch-Dest": "iframe" })).toBe(403)
  expect(await follow("/", { "Sec-Fetch-Mode": "cors" })).toBe(403)
  expect(await follow("/", { Accept: "*/*" })).toBe(403)
  expect(await follow("/connections")).toBe(403)
  expect(await follow("/?x")).toBe(403)
  expect(await follow("/drain", {}, "POST")).toBe(403)
})

test("a port in use is a ListenFailed that names the option", async () => {
  const { parts, port } = await start()
  const failed = await Effect.runPromise(Effect.flip(Effect.scoped(serveAdmin({ ...parts, port }))))
  expect(failed).toMatchObject({ _tag: "ListenFailed", what: "admin", address: "127.0.0.1", code: "EADDRINUSE" })
  expect(failed.message).toContain("--admin-port")
})
