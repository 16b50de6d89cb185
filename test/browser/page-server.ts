/**
 * Page server: the status page with the admin listener's own routes for records, over connections, records and a capture
 * that a test makes up. So the page has what it needs without traffic: ten thousand rows, or a record that nobody sends.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Scope from "effect/Scope"

import { refuseWithout } from "../../src/admin/captures/bearer.ts"
import { captureRoutes } from "../../src/admin/captures/captures.ts"
import { type AdminRequest, type AdminResponse, json, makeHandler, queryNumber, route } from "../../src/admin/router.ts"
import { statusPage } from "../../src/admin/status-page.ts"
import type { CaptureRecord, HttpRecord } from "../../src/capture/record.ts"

export const token = "t0ken_of-the-page"

/** What the proxy would answer. A test changes it while the page looks on. */
export interface World {
  /** Lines of the access log, the oldest first. */
  ended: Array<object>
  open: Array<object>
  readonly records: Map<string, CaptureRecord>
  isOn: boolean
}

export class PageServer {
  readonly world: World
  readonly port: number
  private readonly server: Bun.Server<undefined>
  private readonly scope: Scope.Closeable

  constructor(server: Bun.Server<undefined>, scope: Scope.Closeable, world: World) {
    this.server = server
    this.scope = scope
    this.world = world
    this.port = server.port ?? 0
  }

  /** The page's address, with the part behind its #. */
  address(hash = ""): string {
    return `http://127.0.0.1:${this.port}/${hash}`
  }

  /** Adds a record, and the line that the access log has of it. */
  add(record: HttpRecord): void {
    this.world.records.set(record.id, record)
    this.world.ended.push(lineOf(record))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop(true)
    await Effect.runPromise(Scope.close(this.scope, Exit.void))
  }
}

/** The line of a request, as the access log would write it. */
export const lineOf = ({ flow, n, direction, client, target, request, response, ...record }: HttpRecord): object => ({
  time: record.started,
  flow,
  direction,
  protocol: "http",
  client: client ?? "127.0.0.1:40000",
  target,
  bytes_in: record.bytes_in,
  bytes_out: record.bytes_out,
  t_dial: record.t_dial,
  t_first_byte: record.t_first_byte,
  t_total: record.t_total ?? 1,
  phase: "data",
  n,
  method: request.line.method,
  authority: target,
  path: request.line.target.split("?")[0],
  status: response?.line.status,
  error: record.error,
})

export const servePage = async (): Promise<PageServer> => {
  const world: World = { ended: [], open: [], records: new Map(), isOn: false }
  const kept = {
    ids: () => [...world.records.keys()],
    line: (id: string) => {
      const record = world.records.get(id)
      return record === undefined ? undefined : Buffer.from(`${JSON.stringify(record)}\n`)
    },
  }
  const scope = Effect.runSync(Scope.make())
  const routes = [...captureRoutes({ kept, token, version: "0.0.0" }), ...pageRoutes(world)]
  const handler = await Effect.runPromise(Effect.provideService(makeHandler(routes), Scope.Scope, scope))
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => handler(request) })
  return new PageServer(server, scope, world)
}

const pageRoutes = (world: World) => [
  route("GET", "/", (request) =>
    request.headers["accept"]?.includes("text/html") === true
      ? statusPage()
      : json({ version: "1.2.3", revision: "abcdef0", state: "ready" }),
  ),
  route("GET", "/connections", (request) => json(connectionsOf(world, queryNumber(request, "after")), 0)),
  route("GET", "/history", () => json({ first: 1, points: [] })),
  route("GET", "/destinations", () => json({ destinations: [] })),
  route("GET", "/config", () => json([])),
  route("GET", "/metrics", () => HttpServerResponse.text("process_start_time_seconds 1\n")),
  route("GET", "/capture", (request) => refuseWithout(token, request) ?? json(captureOf(world))),
  HttpRouter.route("PUT", "/capture", (request) =>
    Effect.map(Effect.orDie(request.text), (text) => switched(request, text, world)),
  ),
]

/** As many lines at once as the test has: the page's own bound is the one that is tested. */
const connectionsOf = ({ ended, open }: World, after: number): object => ({
  total: open.length,
  connections: open,
  first: after + 1,
  ended: ended.slice(after),
})

const captureOf = ({ isOn, records }: World): object => ({
  capture: isOn ? "memory" : "off",
  keeps: isOn,
  records: records.size,
})

const switched = (request: AdminRequest, text: string, world: World): AdminResponse => {
  const refused = refuseWithout(token, request)
  if (refused !== undefined) return refused
  world.isOn = text === "on"
  return json(captureOf(world))
}
