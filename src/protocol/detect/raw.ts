/**
 * Raw: the handshakes of connections that have none. Nothing is consumed and nothing is said; what the client sends
 * belongs to the tunnel from its first byte.
 */
import { empty } from "../bytes.ts"
import { dial, type Handshake, type Step } from "../handshake.ts"
import { answerRefusal } from "../http/answer.ts"
import type { Refusal } from "../refusal.ts"

const toWorkload: Step = dial(0, undefined)

const tcp: Handshake = {
  protocol: "tcp",
  step: () => toWorkload,
  accepted: () => empty,
  refused: () => empty,
}

const verbatim: Handshake = {
  protocol: "http",
  step: () => toWorkload,
  accepted: () => empty,
  refused: (refused: Refusal) => answerRefusal(refused),
}

/** Opaque bytes: no byte is read before the dial, so a server that speaks first just works. */
export const makeTcp = (): Handshake => tcp

/** HTTP for the workload itself, carried byte for byte; its client can read a refusal in HTTP. */
export const makeVerbatim = (): Handshake => verbatim
