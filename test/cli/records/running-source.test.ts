import { afterEach, beforeEach, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { unusedPort } from "../../../scripts/unused-port.ts"
import { maxListed } from "../../../src/admin/captures/captures.ts"
import { runningSource } from "../../../src/cli/records/running-source.ts"
import { recordsOf } from "../../../src/cli/records/source.ts"
import { type TokenPlaces, writeToken } from "../../../src/cli/running/admin-token.ts"
import type { CaptureRecord } from "../../../src/capture/record.ts"
import { charge, chat, makeExchange } from "../../support/capture-records.ts"
import { everything, readAll, selecting } from "../../support/record-source.ts"
import { settingsOf } from "../../support/settings.ts"

let folder: string
let places: TokenPlaces
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pillion-test-"))
  places = { runtime: undefined, run: join(folder, "none"), temporary: folder, uid: process.getuid?.() ?? 0 }
})
afterEach(() => rmSync(folder, { recursive: true }))

interface Running {
  /** What `GET /capture` says. */
  readonly state: object
  /** Begins to answer `GET /captures`, and never ends that. */
  readonly stalls?: boolean
  /** What is kept in memory. */
  readonly kept: ReadonlyArray<CaptureRecord>
}

/** An admin listener that has what is asked for here, and the paths that it was asked for. */
const serve = ({ state, kept, stalls = false }: Running) => {
  const paths: Array<string> = []
  let token = ""
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const { pathname, search } = new URL(request.url)
      paths.push(decodeURIComponent(pathname + search))
      if (request.headers.get("authorization") !== `Bearer ${token}`) return new Response("no", { status: 401 })
      if (pathname === "/capture") return Response.json(state)
      if (stalls) return new Response(new ReadableStream({ start: (controller) => controller.enqueue("\n") }))
      return new Response(kept.map((record) => `${JSON.stringify(record)}\n`).join(""))
    },
  })
  token = writeToken(server.port ?? 0, places)?.token ?? ""
  return { port: server.port ?? 0, paths, [Symbol.asyncDispose]: () => server.stop(true) }
}

const open = (adminPort: number, within?: number) =>
  runningSource(settingsOf({ flags: { "admin-port": String(adminPort) } }), {}, places, within)
const read = async (adminPort: number, wanted = everything) =>
  readAll(recordsOf(await Effect.runPromise(open(adminPort))), wanted)
const refusal = async (adminPort: number): Promise<string> =>
  Result.getOrThrow(Result.flip(await Effect.runPromise(Effect.result(open(adminPort))))).message

test("what the proxy keeps in memory is read with this user's token, and it is told the filter", async () => {
  await using running = serve({ state: { capture: "memory", keeps: true }, kept: [charge, chat] })
  expect(await read(running.port, selecting({ filter: "host:pay or kind:socket" }))).toEqual({
    records: [charge, chat],
    notes: [],
  })
  expect(running.paths).toEqual(["/capture", "/captures?filter=host:pay or kind:socket"])
})

test("of a directory all is read, and from memory what is not in it yet", async () => {
  const capture = join(folder, "captures")
  mkdirSync(capture)
  writeFileSync(join(capture, "000001.jsonl"), `${JSON.stringify(charge)}\n${JSON.stringify(chat)}\n`)
  await using running = serve({ state: { capture, keeps: true }, kept: [chat, makeExchange()] })
  expect(await read(running.port)).toEqual({ records: [charge, chat, makeExchange()], notes: [] })
})

test("where the directory cannot be read from here, memory is shown, and that is said", async () => {
  const capture = join(folder, "elsewhere")
  await using running = serve({ state: { capture, keeps: true }, kept: [chat] })
  expect(await read(running.port)).toEqual({
    records: [chat],
    notes: [`${capture} does not exist from here: this is what the proxy keeps in memory`],
  })
  // A path that is not absolute is one of the proxy's own place.
  await using other = serve({ state: { capture: "captures", keeps: true }, kept: [chat] })
  expect(await read(other.port)).toEqual({ records: [chat], notes: [] })
})

test("that nothing is captured, or not all is shown, is said", async () => {
  await using off = serve({ state: { capture: "off", keeps: false }, kept: [] })
  expect((await read(off.port)).notes).toEqual(["the running proxy captures nothing: pillion capture on changes that"])
  await using full = serve({ state: { keeps: true }, kept: Array.from({ length: maxListed }, () => chat) })
  expect((await read(full.port)).notes).toEqual([`of what is in memory the proxy shows the newest ${maxListed} only`])
})

test("without a proxy, or without its token, there is nothing to read", async () => {
  const port = unusedPort()
  expect(await refusal(port)).toBe(
    `127.0.0.1:${port} takes no connections; is the proxy running, with admin-port ${port}?`,
  )
  await using running = serve({ state: {}, kept: [] })
  places = { ...places, run: join(folder, "others"), temporary: join(folder, "others") }
  expect(await refusal(running.port)).toBe(
    `the proxy with admin-port ${running.port} shows records to the user that runs it only: run this as that user`,
  )
})

test("a proxy that stops in the midst of its records is not waited for", async () => {
  await using running = serve({ state: { capture: "memory", keeps: true }, kept: [], stalls: true })
  const source = recordsOf(await Effect.runPromise(open(running.port, 200)))
  const refused = await Effect.runPromise(Effect.flip(source.read(everything, () => {})))
  expect(refused.message).toBe(`the proxy with admin-port ${running.port} did not send its records within 200 ms`)
})
