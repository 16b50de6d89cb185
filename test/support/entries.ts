/** Entries as a test wants them: what the access log's line says. */
import type { RequestRecord } from "../../src/flow/request-record.ts"
import { type Entry, entryOf, writeConnection, writeRequest } from "../../src/observe/access/entry.ts"
import type { Flow } from "../../src/flow/flow.ts"
import { Line } from "../../src/observe/output/line.ts"

const line = new Line()

export const connectionEntry = (flow: Flow, now: number, elapsed = flow.elapsed()): Entry => {
  writeConnection(line, flow, now, elapsed)
  return entryOf(line)
}

export const requestEntry = (flow: Flow, answered: RequestRecord, now: number): Entry => {
  writeRequest(line, flow, answered, now)
  return entryOf(line)
}
