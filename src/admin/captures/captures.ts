/**
 * Captures: the records that the running proxy keeps in memory, for whoever has the token.
 *
 * Lists are made in slices between turns of the event loop, since to look at everything that is kept takes longer than
 * traffic should wait.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

import { parseRecordFilter, type RecordFilter } from "../../capture/filter/record-filter.ts"
import { findId, timeOf } from "../../capture/ids.ts"
import { harEnd, harEntry, harStart } from "../../capture/har.ts"
import { type CaptureRecord, isHttp } from "../../capture/record.ts"
import { isProblem } from "../../observe/filter/problem.ts"
import { type AdminRequest, type AdminResponse, query, type Route, text } from "../router.ts"

import { refuseWithout } from "./bearer.ts"

/** Records of one list, unless the request asks for fewer: the newest. */
export const maxListed = 10_000

/** Milliseconds after which the rest of a list is left to the next turn of the event loop. */
export const maxListSlice = 5

/** The records that are kept. */
export interface KeptRecords {
  /** The oldest first. */
  readonly ids: () => ReadonlyArray<string>
  /** A line of JSON, with its newline; undefined where it has gone meanwhile. */
  readonly line: (id: string) => Uint8Array | undefined
}

export interface CapturesParts {
  readonly kept: KeptRecords
  readonly token: string
  /** Of the program, for documents that name what made them. */
  readonly version: string
}

/**
 * `GET /captures?filter=&limit=&since=` lists records as lines of JSON, the newest last; `/captures/ID` gives one, by any
 * end of its id that names no other; `/captures.har` with the same query gives a HAR document. `since` is a time
 * (RFC 3339), for what began then or later, or the id of a record, for what is newer than that.
 */
export const captureRoutes = (parts: CapturesParts): ReadonlyArray<Route> => {
  const { token, kept, version } = parts
  const guarded = (path: `/${string}`, answer: (request: AdminRequest) => Effect.Effect<AdminResponse>): Route =>
    HttpRouter.route("GET", path, (request) => {
      const refused = refuseWithout(token, request)
      return refused === undefined ? answer(request) : Effect.succeed(refused)
    })
  return [
    guarded("/captures", (request) => listed(request, kept, (found) => lines(found))),
    guarded("/captures.har", (request) => listed(request, kept, (found) => har(found, version))),
    guarded("/captures/:id", (request) => Effect.sync(() => one(request, kept))),
  ]
}

const one = ({ url }: AdminRequest, kept: KeptRecords): AdminResponse => {
  const end = url.split("?", 1)[0]!.slice("/captures/".length)
  const found = findId(kept.ids(), end)
  if ("id" in found) {
    const line = kept.line(found.id)
    return line === undefined ? text(404, "this record has gone") : HttpServerResponse.uint8Array(line, json)
  }
  switch (found.problem) {
    case "none":
      return text(404, "no record has an id that ends so; it may have gone: the oldest make room for new ones")
    case "ambiguous":
      return text(409, `${found.ids.length} records have ids that end so: ${found.ids.slice(0, 5).join(" ")}`)
    case "malformed":
      return text(400, "an id is hexadecimal digits")
    case "short":
      return text(400, "write at least 6 characters of the id's end")
  }
}

/** What was asked for, and the records in question, or why there are none. */
const listed = (
  request: AdminRequest,
  kept: KeptRecords,
  show: (found: ReadonlyArray<Uint8Array>) => AdminResponse,
): Effect.Effect<AdminResponse> => {
  const wanted = query(request, "filter") ?? ""
  const filter = parseRecordFilter(wanted)
  if (isProblem(filter)) return Effect.succeed(text(400, `the filter ${JSON.stringify(wanted)} ${filter.problem}`))
  const asked = query(request, "limit") ?? String(maxListed)
  if (!/^[1-9][0-9]{0,8}$/.test(asked)) return Effect.succeed(text(400, "limit is a number of records, from 1"))
  const limit = Math.min(Number(asked), maxListed)
  const ids = idsSince(kept.ids(), query(request, "since"))
  if (ids === undefined)
    return Effect.succeed(text(400, "since is a time as 2026-11-28T09:30:00Z, or the id of a record"))
  return Effect.map(
    Effect.promise(() => newest(kept, ids, filter, limit)),
    show,
  )
}

const wholeId = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/
const time = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

/** Those of the ids, the oldest first, that are newer than `since` says; undefined where that is neither time nor id. */
const idsSince = (ids: ReadonlyArray<string>, since: string | undefined): ReadonlyArray<string> | undefined => {
  if (since === undefined || since === "") return ids
  if (wholeId.test(since)) {
    // Records come in the order of their ends, and ids have the time of their beginnings: only where the record has gone
    // is the time all that is known.
    const at = ids.indexOf(since)
    return at >= 0 ? ids.slice(at + 1) : ids.filter((id) => id > since)
  }
  const from = time.test(since) ? Date.parse(since) : Number.NaN
  return Number.isNaN(from) ? undefined : ids.filter((id) => timeOf(id) >= from)
}

/** The newest lines that a filter lets through, the newest last. */
const newest = async (
  kept: KeptRecords,
  ids: ReadonlyArray<string>,
  filter: RecordFilter,
  limit: number,
): Promise<ReadonlyArray<Uint8Array>> => {
  const found: Array<Uint8Array> = []
  const isAll = filter.expression._tag === "Everything"
  let until = performance.now() + maxListSlice
  for (const id of ids.toReversed()) {
    const line = kept.line(id)
    if (line !== undefined && (isAll || filter.matches(recordOf(line)))) found.push(line)
    if (found.length === limit) break
    if (performance.now() < until) continue
    await turn()
    until = performance.now() + maxListSlice
  }
  return found.toReversed()
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** What this program wrote itself. */
const recordOf = (line: Uint8Array): CaptureRecord => JSON.parse(Buffer.from(line).toString())

const lines = (found: ReadonlyArray<Uint8Array>): AdminResponse => HttpServerResponse.raw(streamed(found), ndjson)

const har = (found: ReadonlyArray<Uint8Array>, version: string): AdminResponse => {
  const entries = function* (): Generator<Uint8Array> {
    yield Buffer.from(harStart(version))
    let between = "\n"
    for (const line of found) {
      const record = recordOf(line)
      if (!isHttp(record)) continue
      yield Buffer.from(between + JSON.stringify(harEntry(record)))
      between = ",\n"
    }
    yield Buffer.from(`\n${harEnd}`)
  }
  return HttpServerResponse.raw(streamed(entries()), harDocument)
}

/** Piece by piece, each when the one before has been taken. */
const streamed = (pieces: Iterable<Uint8Array>): ReadableStream<Uint8Array> => {
  const all = pieces[Symbol.iterator]()
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const { done, value } = all.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
    },
    { highWaterMark: 0 },
  )
}

/** What strangers sent is in it: no browser may take it for a page, and no cache may keep it. */
const shown = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" }
const json = { headers: shown, contentType: "application/json" }
const ndjson = { status: 200, headers: { ...shown, "Content-Type": "application/x-ndjson" } }
const harDocument = {
  status: 200,
  headers: {
    ...shown,
    "Content-Type": "application/json",
    "Content-Disposition": 'attachment; filename="captures.har"',
  },
}
