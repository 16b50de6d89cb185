/** Flows as a test wants them: what it does not say is as at the accept of a client. */
import { type EndedBy, Flow } from "../../src/flow/flow.ts"
import type { Refusal } from "../../src/protocol/refusal.ts"

/** What can be said of a flow at any time. */
type Plain = Pick<
  Flow,
  "protocol" | "phase" | "target" | "address" | "sni" | "detectedAt" | "handshakeAt" | "dialledAt" | "firstByteAt"
>

export interface Known extends Partial<Plain> {
  readonly id?: number
  readonly direction?: Flow["direction"]
  readonly clientHost?: string
  readonly clientPort?: number
  readonly started?: number
  /** Those of a tunnel. */
  readonly bytesIn?: number
  readonly bytesOut?: number
  readonly endedBy?: EndedBy | undefined
  readonly code?: string | undefined
  /** Of the proxy, if nobody has ended it. */
  readonly refusal?: Refusal | undefined
}

export const flowOf = (known: Known = {}): Flow => {
  const { id = 7, direction = "outbound", clientHost = "127.0.0.1", clientPort = 40_000, ...more } = known
  const { bytesIn, bytesOut, endedBy, code, refusal, ...plain } = more
  const flow = new Flow(id, direction, { host: clientHost, port: clientPort })
  Object.assign(flow, plain)
  if (bytesIn !== undefined || bytesOut !== undefined) {
    flow.carryTunnel({ sent: bytesIn ?? 0, received: bytesOut ?? 0 })
  }
  if (endedBy !== undefined) flow.end(endedBy, code)
  if (refusal !== undefined) flow.refuse(refusal, "proxy")
  return flow
}
