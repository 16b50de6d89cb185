/**
 * Titles: what a row or a record is called in the drawer, how it came out, and which parts of it there are to show.
 */
import { type CaptureRecord, isHttp } from "../../../capture/record.ts"
import { listRow } from "../../../capture/listing.ts"
import { visibleLine } from "../../../capture/text.ts"
import { urlOf } from "../../../capture/url.ts"

import { messagesOf } from "./messages.ts"
import type { View } from "./place.ts"
import { type Row, toneOf } from "./rows.ts"

export interface Title {
  readonly text: string
  /** The status, or why there is none; empty where neither is known. */
  readonly outcome: string
  readonly tone: Row["tone"]
}

/** The title of a record: method and URL of a request. */
export const titleOf = (record: CaptureRecord): Title => {
  const { method, what, status, failed } = listRow(record)
  const text = isHttp(record) ? `${record.request.line.method} ${urlOf(record)}` : `${method} ${what}`
  const code = Number(status)
  const tone = failed ? "bad" : code >= 100 ? toneOf(code) : status === undefined ? "calm" : "good"
  return { text: visibleLine(text), outcome: visibleLine(status ?? ""), tone }
}

/** The title of a row; of none, that of a record which is being looked for. */
export const titleOfRow = (row: Row | undefined): Title => {
  if (row === undefined) return { text: "Record", outcome: "", tone: "calm" }
  const text = row.n === undefined ? `Connection ${row.flow}` : `Request ${row.n} on connection ${row.flow}`
  return { text, outcome: row.state, tone: row.tone }
}

export interface ViewTitle {
  readonly name: View
  readonly title: string
  readonly count?: string | undefined
}

/** The parts of a record that hold anything. */
export const viewsOf = (record: CaptureRecord | undefined): ReadonlyArray<ViewTitle> => {
  const overview: ViewTitle = { name: "overview", title: "Overview" }
  if (record === undefined) return [overview]
  const { redacted = [] } = record
  const messages = messagesOf(record).length
  return [
    overview,
    ...(isHttp(record) ? [{ name: "request", title: "Request" } as const] : []),
    ...(isHttp(record) && record.response !== undefined ? [{ name: "response", title: "Response" } as const] : []),
    ...(messages > 0 ? [{ name: "messages", title: "Messages", count: String(messages) } as const] : []),
    ...(hasTls(record) ? [{ name: "tls", title: "TLS" } as const] : []),
    ...(redacted.length > 0 ? [{ name: "redacted", title: "Redacted", count: String(redacted.length) } as const] : []),
  ]
}

const hasTls = ({ tls, sni, kind }: CaptureRecord): boolean =>
  tls !== undefined || sni !== undefined || kind === "tunnel"
