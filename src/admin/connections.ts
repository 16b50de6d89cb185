/**
 * Connections: who is connected now, and what ended last, as JSON with a line for each.
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

import type { Entry } from "../observe/access/entry.ts"
import type { Flow } from "../flow/flow.ts"
import type { Recent } from "../observe/access/recent.ts"

import { type AdminRequest, type AdminResponse, queryNumber } from "./router.ts"

/** Open connections that are listed, the oldest first; `total` says how many there are. */
export const maxList = 1000

/**
 * Answers `GET /connections?after=N`: `connections` are open; `ended` are the last entries of the access log with a
 * number above N, of which the first has the number `first`. Asking next with N + their count misses nothing that is
 * still there.
 */
export const listConnections = (
  request: AdminRequest,
  open: Iterable<Flow>,
  recent: Pick<Recent, "since">,
): AdminResponse => {
  const shown: Array<string> = []
  let total = 0
  for (const flow of open) if (total++ < maxList) shown.push(JSON.stringify(show(flow)))
  const { first, lines } = recent.since(queryNumber(request, "after"))
  const ended = lines.map((line) => line.trimEnd())
  const body = `{"total":${total},"connections":${array(shown)},"first":${first},"ended":${array(ended)}}\n`
  return HttpServerResponse.text(body, { contentType: "application/json" })
}

const array = (texts: ReadonlyArray<string>): string => (texts.length === 0 ? "[]" : `[\n${texts.join(",\n")}\n]`)

type Shared = "flow" | "direction" | "protocol" | "client" | "target" | "address" | "sni" | "bytes_in" | "bytes_out"

/**
 * An open connection, with the names that an entry of the access log has. Its bytes are those so far: of an HTTP
 * connection all that its client sent and got, of a tunnel what was carried.
 */
export interface Open extends Pick<Entry, Shared> {
  readonly started: string
  /** Milliseconds since it was accepted. */
  readonly age: number
  readonly phase: Flow["phase"]
}

const show = (flow: Flow): Open => ({
  flow: flow.id,
  started: new Date(Date.now() - flow.elapsed()).toISOString(),
  age: Math.round(flow.elapsed()),
  direction: flow.direction,
  protocol: flow.protocol,
  phase: flow.phase,
  client: flow.client,
  target: flow.target,
  address: flow.address,
  sni: flow.sni,
  bytes_in: flow.liveIn,
  bytes_out: flow.liveOut,
})
