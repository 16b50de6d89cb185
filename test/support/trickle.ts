/**
 * Trickle: runs a handshake on the same bytes in every way that a network may cut them.
 */
import { expect } from "bun:test"

import { concat, empty } from "../../src/protocol/bytes.ts"
import type { Handshake } from "../../src/protocol/handshake.ts"
import { formatTarget } from "../../src/protocol/target.ts"
import { cuts, fromHex, join, toHex } from "./bytes.ts"

/** What a handshake did with its bytes. Bytes are lower-case hex without spaces. */
export interface Outcome {
  readonly protocol: Handshake["protocol"]
  /** `dial host:port`, `dial` without a target, `refuse reason`, or `needs more`. */
  readonly end: string
  /** Everything it sent before its end, and for a refusal what it sends for that. */
  readonly sent: string
  /** Bytes that it left: those of the tunnel after a dial, the unread ones when it needs more. */
  readonly left: string
}

/**
 * Runs `make()` on `bytes` whole, byte by byte, split in two at every offset, and each of them with bytes for the
 * tunnel after them; expects `expected` every time. Also expects that `step` changes nothing and keeps nothing.
 */
export const trickle = (make: () => Handshake, bytes: Uint8Array, expected: Omit<Outcome, "left">): void => {
  const unread = expected.end === "needs more" ? undefined : ""
  const trailing = unread === undefined ? [empty] : [empty, fromHex("00"), fromHex("04 01"), fromHex("05 01 00 ff")]
  for (const tunnel of trailing) {
    const all = join(bytes, tunnel)
    for (const chunks of cuts(all)) {
      const { left, ...rest } = run(make(), chunks)
      expect(rest).toEqual(expected)
      if (expected.end.startsWith("dial")) expect(left).toBe(toHex(tunnel))
    }
  }
}

/** Feeds the chunks one after another, as a connection would, to the handshake's end or to theirs. */
export const run = (handshake: Handshake, chunks: Iterable<Uint8Array>): Outcome => {
  const sent: Array<Uint8Array> = []
  const outcome = (end: string, left: Uint8Array): Outcome => ({
    protocol: handshake.protocol,
    end,
    sent: toHex(join(...sent)),
    left: toHex(left),
  })
  const pending = [...chunks]
  let held: Uint8Array = empty
  while (true) {
    const step = stepOnPoison(handshake, held)
    switch (step._tag) {
      case "NeedMore": {
        const chunk = pending.shift()
        if (chunk === undefined) return outcome("needs more", held)
        held = concat(held, chunk)
        break
      }
      case "Reply":
        expect(step.consumed).toBeWithin(1, held.length + 1)
        sent.push(step.bytes)
        held = held.subarray(step.consumed)
        break
      case "Dial":
        expect(step.consumed).toBeWithin(0, held.length + 1)
        return outcome(
          step.target === undefined ? "dial" : `dial ${formatTarget(step.target)}`,
          join(held.subarray(step.consumed), ...pending),
        )
      case "Refuse":
        sent.push(handshake.refused(step.refusal))
        return outcome(`refuse ${step.refusal.reason}`, held)
    }
  }
}

/** One step on a copy that is spoilt right after it, so that whatever the handshake kept of it would show. */
const stepOnPoison = (handshake: Handshake, held: Uint8Array) => {
  const input = Buffer.from(held)
  const step = handshake.step(input)
  if (!input.equals(held)) throw new Error("the handshake changed its input")
  input.fill(0xaa)
  return step
}
