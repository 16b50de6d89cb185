/**
 * Exchange facts: what a recording is told of its exchange, or of its stream, besides what passed, by the connection and by
 * what the access log has of the request.
 */
import type { Flow } from "../flow/flow.ts"
import type { RequestRecord } from "../flow/request-record.ts"
import type { ExchangeFacts, StreamFacts } from "../protocol/recording.ts"

/** What of it passed. */
export type Passed = Pick<ExchangeFacts, "n" | "requestIsWhole" | "responseIsWhole">

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

/** What a stream is, and how much of it passed. */
interface Stream extends Pick<StreamFacts, "n" | "lost" | "elapsed" | "bytesIn" | "bytesOut"> {
  /** The connection had been something else before. */
  readonly isRest: boolean
}

/** The facts of a connection that was carried unread; of the rest of one, how it was made is not its own. */
export const streamFactsOf = (flow: Flow, { isRest, ...stream }: Stream): StreamFacts => {
  const { handshakeAt = 0, dialledAt, firstByteAt, refusal } = flow
  return {
    ...stream,
    flow: flow.id,
    direction: flow.direction,
    client: flow.client,
    target: flow.target,
    address: flow.address,
    sni: flow.sni,
    authority: undefined,
    dialled: isRest || dialledAt === undefined ? undefined : dialledAt - handshakeAt,
    firstByte: isRest || dialledAt === undefined || firstByteAt === undefined ? undefined : firstByteAt - dialledAt,
    end: flow.endedBy,
    phase: flow.phase,
    code: flow.code,
    refusal: refusal?.reason,
    error: refusal?.detail,
  }
}
