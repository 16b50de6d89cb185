/**
 * Connect: the handshake of an HTTP tunnel (RFC 9110 section 9.3.6), as real clients speak it: HTTP/1.0 without Host,
 * no port, IPv6 without brackets, and heads that arrive byte by byte are all understood.
 */
import type { Handshake, Step } from "../handshake.ts"
import { dial, needMore, refuse } from "../handshake.ts"
import { type Refusal, refusal } from "../refusal.ts"

import { answerRefusal, connectionEstablished } from "./answer.ts"
import { Fields } from "./fields.ts"
import { HeadScanner, requestHeads } from "./head-scanner.ts"
import { type HeadLimits, parseRequest } from "./request.ts"
import { incomplete, leadingEmptyLines } from "./scan.ts"

const fields = new Fields()

export interface ConnectLimits extends HeadLimits {
  readonly maxHeadBytes: number
}

class ConnectHandshake implements Handshake {
  readonly protocol = "connect"
  private readonly scanner = new HeadScanner(requestHeads)
  private readonly limits: ConnectLimits

  constructor(limits: ConnectLimits) {
    this.limits = limits
  }

  step(input: Uint8Array): Step {
    const skip = leadingEmptyLines(input)
    const bytes = skip === 0 ? input : input.subarray(skip)
    const end = this.scanner.scan(bytes, skip, this.limits.maxHeadBytes)
    if (typeof end !== "number") return refuse(end)
    if (end === incomplete) return needMore
    const head = parseRequest(bytes, end, fields, this.limits)
    if ("reason" in head) return refuse(head)
    // Any other request names no tunnel; without a target it would be taken for one to the workload.
    if (head.form !== "authority") return refuse(refusal("malformed-request", "no CONNECT"))
    return dial(skip + end, head.target)
  }

  accepted(): Uint8Array {
    return connectionEstablished
  }

  refused(refused: Refusal): Uint8Array {
    return answerRefusal(refused)
  }
}

/** A fresh CONNECT handshake for one connection. */
export const makeConnect = (limits: ConnectLimits): Handshake => new ConnectHandshake(limits)
