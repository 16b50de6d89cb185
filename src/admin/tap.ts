/**
 * Tap: what ends from now on, a line of JSON each, for whoever reads it. A reader that is slow loses lines and is told
 * how many; it costs the proxy no more memory than one that is fast.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

import type { Recent } from "../observe/access/recent.ts"
import { parseFilter } from "../observe/filter/entry-filter.ts"
import { isProblem } from "../observe/filter/problem.ts"

import { LineReaders } from "./line-reader.ts"
import { type AdminRequest, type AdminResponse, KeepOpen, query, type Route, text } from "./router.ts"

/** Readers at once; each costs its buffer, and its filter for every line. */
export const maxReaders = 16
/** Characters that wait for one reader. */
export const maxWait = 256 * 1024

export interface Tap {
  readonly route: Route
  /** Lines that readers lost, over all of them. */
  readonly dropped: () => number
}

/** Answers a reader; `keepOpen` is called where the answer takes its time. */
export type TapAnswer = (request: AdminRequest, keepOpen: () => void) => AdminResponse

/**
 * Answers `GET /tap?filter=...` with a stream that ends when the reader or the server does. `GET /tap?bodies=1` is
 * answered by `withBodies`.
 */
export const makeTap = (recent: Pick<Recent, "follow">, withBodies: TapAnswer): Tap => {
  const readers = new LineReaders<string>({
    maxReaders,
    maxWait,
    join: (lines) => Buffer.from(lines.join("")),
    notice: (line) => line,
  })
  const answer: TapAnswer = (request, keepOpen) => {
    if (request.method === "HEAD") return HttpServerResponse.empty(ndjson)
    const wanted = query(request, "filter") ?? ""
    const filter = parseFilter(wanted)
    if (isProblem(filter)) return text(400, `the filter ${JSON.stringify(wanted)} ${filter.problem}`)
    if (readers.isFull) return text(503, `${maxReaders} readers are here already`)
    keepOpen()
    const stream = readers.open((take) =>
      recent.follow((entry, line) => {
        if (filter.matches(entry)) take(line)
      }),
    )
    return HttpServerResponse.raw(stream, ndjson)
  }
  const answerOf = (request: AdminRequest): TapAnswer => (query(request, "bodies") === "1" ? withBodies : answer)
  return {
    route: HttpRouter.route("GET", "/tap", (request) =>
      Effect.map(KeepOpen, (keepOpen) => answerOf(request)(request, keepOpen)),
    ),
    dropped: () => readers.dropped,
  }
}

/** How a stream of lines is answered. */
export const ndjson = { status: 200, headers: { "Content-Type": "application/x-ndjson", "Cache-Control": "no-store" } }
