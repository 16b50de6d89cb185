/**
 * Exchange facts: what a recording is told of its exchange besides the messages, by the connection and by what the access
 * log has of the request.
 */
import type { Flow } from "../flow/flow.ts"
import type { RequestRecord } from "../flow/request-record.ts"
import type { ExchangeFacts } from "../protocol/recording.ts"

/** What of it passed. */
type Passed = Pick<ExchangeFacts, "n" | "requestIsWhole" | "responseIsWhole">

/** The facts of a request that is over. */
export const factsOf = (flow: Flow, record: RequestRecord, passed: Passed): ExchangeFacts => ({
  flow: flow.id,
  direction: flow.direction,
  client: flow.client,
  target: record.target ?? flow.target,
  // A connection that was at hand: the flow has the address of the last one that was made.
  address: record.target === flow.target ? flow.address : undefined,
  sni: flow.sni,
  authority: record.authority,
  dialled: record.dialled,
  firstByte: record.firstByte,
  elapsed: record.elapsed,
  end: record.endedBy,
  phase: record.phase,
  code: record.endedBy === undefined ? undefined : flow.code,
  refusal: record.refusal?.reason,
  error: record.error,
  bytesIn: record.bytesIn,
  bytesOut: record.bytesOut,
  isProbe: record.isProbe,
  n: passed.n,
  requestIsWhole: passed.requestIsWhole,
  responseIsWhole: passed.responseIsWhole,
})
