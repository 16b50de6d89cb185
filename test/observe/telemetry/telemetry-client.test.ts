import { expect, test } from "bun:test"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { makeTelemetryClient } from "../../../src/observe/telemetry/telemetry-client.ts"
import { unusedPort } from "../../../scripts/unused-port.ts"

/** What becomes of one batch at this URL; `ending` says whether the end has begun. */
const deliver = async (url: string, ending: boolean, timeout = 2000) => {
  const problems: Array<string | undefined> = []
  const counts: Array<number> = []
  const request = HttpClientRequest.bodyUint8Array(HttpClientRequest.post(url), new Uint8Array(3), "application/x")
  const status = await Effect.gen(function* () {
    const end = yield* Deferred.make<void>()
    if (ending) yield* Deferred.succeed(end, undefined)
    const client = makeTelemetryClient({
      timeout,
      underWay: (batches) => counts.push(batches),
      over: (_, problem) => problems.push(problem),
      ending: end,
    })
    return (yield* client.execute(request)).status
  }).pipe(Effect.runPromise)
  expect([status, counts]).toEqual([200, [1, 0]])
  expect(problems.length).toBe(1)
  return problems[0]
}

const taken = () => new Response("")
const busy = () => new Response("", { status: 503, headers: { "Retry-After": "1" } })

/** A collector that answers with these, one after the other, and then with 200. */
const collector = (...answers: ReadonlyArray<() => Response>) => {
  const state = { asked: 0, bytes: 0 }
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      state.bytes += (await request.bytes()).length
      return (answers[state.asked++] ?? taken)()
    },
  })
  return { state, url: `http://127.0.0.1:${server.port}/v1/logs`, [Symbol.asyncDispose]: () => server.stop(true) }
}

test("a batch that is taken was delivered", async () => {
  await using server = collector()
  expect(await deliver(server.url, false)).toBeUndefined()
  expect(server.state).toEqual({ asked: 1, bytes: 3 })
})

test("a collector that is busy is asked again, with the same bytes", async () => {
  await using server = collector(busy)
  expect(await deliver(server.url, false)).toBeUndefined()
  expect(server.state).toEqual({ asked: 2, bytes: 6 })
})

test("a batch that the collector does not want is lost at once", async () => {
  await using server = collector(() => new Response("", { status: 401 }))
  expect(await deliver(server.url, false)).toBe("status 401")
  expect(server.state.asked).toBe(1)
})

test("at the end a batch is tried once, whatever is wrong", async () => {
  await using server = collector(busy)
  expect(await deliver(server.url, true)).toBe("status 503")
  expect(server.state.asked).toBe(1)
  expect(await deliver(`http://127.0.0.1:${unusedPort()}/`, true)).toMatch(/refused|connect/i)
  using silent = Bun.listen({ port: 0, hostname: "127.0.0.1", socket: { data: () => {} } })
  expect(await deliver(`http://127.0.0.1:${silent.port}/`, true, 100)).toBe("no answer within 100 ms")
})
