/**
 * Observer: passes what happens to connections on to the metrics and the logs.
 */
import type { AccessLog } from "../observe/access/access-log.ts"
import type { Direction, Flow } from "../flow/flow.ts"
import type { RequestRecord } from "../flow/request-record.ts"
import type { Log } from "../observe/log/log.ts"
import type { Metrics } from "../observe/metrics/metrics.ts"
import type { Reason } from "../protocol/refusal.ts"

import type { ConnectionObserver } from "./listener-context.ts"
import type { Workload } from "./workload.ts"

/** Milliseconds between two warnings that the proxy is full: one says it, thousands hide everything else. */
const overloadWarningEvery = 10_000

/** `accessLog` is undefined where none is wanted. */
export const makeObserver = (
  log: Log,
  accessLog: AccessLog | undefined,
  metrics: Metrics,
  workload: Pick<Workload, "reached" | "refused">,
): ConnectionObserver => {
  const warnOfOverload = makeOverloadWarning(log)
  const refused = (flow: Flow, reason: Reason): void => {
    metrics.refused(flow.direction, reason)
    metrics.socksReply(flow.protocol, reason)
    if (flow.direction === "inbound") workload.refused(reason)
    if (reason === "request-timeout" && flow.phase === "detect") metrics.undetected(flow.direction)
  }
  const defect = (flow: Flow, what: string, cause: unknown): void => {
    metrics.defect()
    log.error(what, { flow: flow.id, cause: textOf(cause) })
  }
  return {
    accepted: (flow) => metrics.accepted(flow.direction),
    ended: (flow) => {
      const elapsed = flow.elapsed()
      metrics.closed(flow.direction, flow.protocol, flow.endedBy, elapsed / 1000)
      metrics.bytes(flow.direction, flow.bytesIn, flow.bytesOut)
      metrics.destinations.ended(flow)
      if (flow.refusal !== undefined) refused(flow, flow.refusal.reason)
      if (flow.isProbe) metrics.probe(flow.direction)
      accessLog?.connection(flow, elapsed)
    },
    answered: (flow, answered) => {
      countRequest(metrics, flow, answered, true)
      metrics.bytes(flow.direction, answered.bytesIn, answered.bytesOut)
      if (answered.refusal !== undefined) {
        metrics.refused(flow.direction, answered.refusal.reason)
        if (flow.direction === "inbound") workload.refused(answered.refusal.reason)
      }
      accessLog?.exchange(flow, answered)
    },
    followed: (flow, followed) => {
      countRequest(metrics, flow, followed, false)
      accessLog?.exchange(flow, followed)
    },
    unfollowed: (flow, why, cause) => {
      metrics.unfollowed(flow.direction, why)
      if (why === "defect") defect(flow, "a defect ended the reading of a connection, which goes on", cause)
    },
    detected: (flow) => metrics.detected(flow.direction, flow.protocol),
    dialled: (flow, milliseconds) => {
      metrics.dialled(flow.direction, milliseconds / 1000)
      metrics.destinations.connected(flow)
      if (flow.direction === "inbound") workload.reached()
      metrics.socksReply(flow.protocol, undefined)
    },
    overloaded: (direction, heard) => {
      metrics.overloaded(direction, heard)
      warnOfOverload(direction)
    },
    defect: (flow, cause) => defect(flow, "a defect ended a connection", cause),
  }
}

/** `ownBytes` is false where a tunnel counts them. */
const countRequest = (metrics: Metrics, flow: Flow, record: RequestRecord, ownBytes: boolean): void => {
  const { method, status, elapsed, dialled, firstByte, isProbe } = record
  metrics.request(flow.direction, method, status, elapsed / 1000)
  metrics.destinations.answered(flow, record, ownBytes)
  if (firstByte !== undefined) metrics.history.waited(firstByte + (dialled ?? 0))
  if (isProbe) metrics.probe(flow.direction)
}

const makeOverloadWarning = (log: Log): ((direction: Direction) => void) => {
  let warned = -overloadWarningEvery
  return (direction) => {
    const now = performance.now()
    if (now - warned < overloadWarningEvery) return
    warned = now
    log.warn("max-connections is reached: new connections are refused", { direction })
  }
}

const textOf = (cause: unknown): string => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))
