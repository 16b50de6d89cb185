/**
 * Record tap: records from now on, a line of JSON each, for whoever has the token and for as long as he reads: nothing of
 * them is copied before, and nothing is kept after. Records are long, so there are fewer readers than of `/tap` alone, and
 * more waits for each; who is slow loses records and is told how many.
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

import { parseRecordFilter } from "../../capture/filter/record-filter.ts"
import type { CaptureRecord } from "../../capture/record.ts"
import { isProblem } from "../../observe/filter/problem.ts"
import { LineReaders } from "../line-reader.ts"
import { query, text } from "../router.ts"
import { ndjson, type TapAnswer } from "../tap.ts"

import { refuseWithout } from "./bearer.ts"

/** Readers at once; each costs what waits for it, and its filter for every record. */
export const maxRecordReaders = 4
/** Bytes that wait for one reader; a record that is longer waits alone. */
export const maxRecordWait = 8 * 1024 * 1024

/** Hears of a record with its line, newline included; the record itself only where it is asked for. */
export type RecordFollower = (line: Uint8Array, record: () => CaptureRecord) => void

export interface RecordTapParts {
  readonly token: string
  /** Has the follower hear of every record from now on; returns what ends that. */
  readonly follow: (follower: RecordFollower) => () => void
}

export interface RecordTap {
  readonly answer: TapAnswer
  /** Records that readers lost, over all of them. */
  readonly dropped: () => number
}

/** Answers `GET /tap?bodies=1&filter=...` with a stream that ends when the reader or the server does. */
export const makeRecordTap = ({ token, follow }: RecordTapParts): RecordTap => {
  const readers = new LineReaders<Uint8Array>({
    maxReaders: maxRecordReaders,
    maxWait: maxRecordWait,
    join: (lines) => Buffer.concat(lines),
    notice: (line) => Buffer.from(line),
  })
  const answer: TapAnswer = (request, keepOpen) => {
    const refused = refuseWithout(token, request)
    if (refused !== undefined) return refused
    if (request.method === "HEAD") return HttpServerResponse.empty(ndjson)
    const wanted = query(request, "filter") ?? ""
    const filter = parseRecordFilter(wanted)
    if (isProblem(filter)) return text(400, `the filter ${JSON.stringify(wanted)} ${filter.problem}`)
    if (readers.isFull) return text(503, `${maxRecordReaders} readers of records are here already`)
    const isAll = filter.expression._tag === "Everything"
    keepOpen()
    const stream = readers.open((take) =>
      follow((line, record) => {
        if (isAll || filter.matches(record())) take(line)
      }),
    )
    return HttpServerResponse.raw(stream, ndjson)
  }
  return { answer, dropped: () => readers.dropped }
}
