/** Requests that are over, as a test wants them: what it does not say is as of one that was answered with 200. */
import type { RequestRecord } from "../../src/flow/request-record.ts"

export const recordOf = (known: Partial<RequestRecord> = {}): RequestRecord => ({
  n: 1,
  method: "GET",
  authority: "a.example:80",
  target: "a.example:80",
  path: "/",
  version: "1.1",
  status: 200,
  started: 0,
  elapsed: 20,
  dialled: undefined,
  firstByte: 10,
  bytesIn: 0,
  bytesOut: 0,
  endedBy: undefined,
  phase: "data",
  error: undefined,
  refusal: undefined,
  isProbe: false,
  traceparent: undefined,
  ...known,
})
