/**
 * Witness: tells the metrics and the logs what happens to connections.
 */
import * as Cause from "effect/Cause"

import type { AccessLog } from "../observe/access-log.ts"
import type { Log } from "../observe/log.ts"
import type { Metrics } from "../observe/metrics.ts"

import type { Witness } from "./accept.ts"

/** Milliseconds between two warnings that the proxy is full: one says it, thousands hide everything else. */
const overloadWarningEvery = 10_000

/** `accessLog` is undefined where none is wanted. */
export const makeWitness = (log: Log, accessLog: AccessLog | undefined, metrics: Metrics): Witness => {
  let warned = -overloadWarningEvery
  return {
    accepted: (flow) => metrics.accepted(flow.direction),
    ended: (flow) => {
      metrics.closed(flow.direction, flow.protocol, flow.endedBy)
      metrics.bytes(flow.direction, flow.bytesIn, flow.bytesOut)
      if (flow.refusal !== undefined) metrics.refused(flow.direction, flow.refusal.reason)
      accessLog?.connection(flow)
    },
    answered: (flow, answered) => {
      metrics.request(flow.direction, answered.method, answered.status)
      metrics.bytes(flow.direction, answered.bytesIn, answered.bytesOut)
      if (answered.refusal !== undefined) metrics.refused(flow.direction, answered.refusal.reason)
      accessLog?.exchange(flow, answered)
    },
    dialled: (milliseconds) => metrics.dialled(milliseconds / 1000),
    overloaded: (direction, heard) => {
      metrics.overloaded(direction, heard)
      const now = performance.now()
      if (now - warned < overloadWarningEvery) return
      warned = now
      log.warn("max-connections is reached: new connections are refused", { direction })
    },
    defect: (flow, cause) => {
      metrics.defect()
      log.error("a defect ended a connection", { flow: flow.id, cause: Cause.pretty(cause) })
    },
  }
}
