/**
 * Progress: what is under way for a connection. Always exactly one of these, so what cannot be has no name:
 *
 *     Negotiation ── TunnelDial ── Relay                   a tunnel
 *     Negotiation ── Exchange ── RequestDial ── Exchange   requests, each perhaps with a dial
 *     Exchange ── Relay                                    an upgrade
 *     Exchange ── Negotiation                              a CONNECT behind requests
 *     any of them ── Linger ── over                        the last words
 *
 * The class is the tag: an object around each would be one more for every tunnel that is open.
 */
import type { Cancellable } from "../net/common/cancellable.ts"
import type { Linger } from "../net/common/linger.ts"
import type { Dial } from "../net/dial/dialer.ts"
import type { Exchange } from "../net/http/exchange.ts"
import type { Negotiation } from "../net/negotiation.ts"
import type { Relay } from "../net/tunnel/relay.ts"
import type { Handshake } from "../protocol/handshake.ts"

/** Cancelling it gives up whatever is under way. */
export type Progress = Negotiation | TunnelDial | Relay | Exchange | RequestDial | Linger | Nothing

/** The dial of a tunnel; `negotiation` holds what the client sends meanwhile, `handshake` knows how to answer it. */
export class TunnelDial implements Cancellable {
  readonly dial: Dial
  readonly negotiation: Negotiation
  readonly handshake: Handshake

  constructor(dial: Dial, negotiation: Negotiation, handshake: Handshake) {
    this.dial = dial
    this.negotiation = negotiation
    this.handshake = handshake
  }

  cancel(): void {
    this.dial.cancel()
    this.negotiation.cancel()
  }
}

/** The dial of one request of an exchange, which goes on when it is over. */
export class RequestDial implements Cancellable {
  readonly dial: Dial
  readonly exchange: Exchange

  constructor(dial: Dial, exchange: Exchange) {
    this.dial = dial
    this.exchange = exchange
  }

  cancel(): void {
    this.dial.cancel()
    this.exchange.cancel()
  }
}

/** Nothing is under way. */
class Nothing implements Cancellable {
  readonly isOver: boolean

  constructor(isOver: boolean) {
    this.isOver = isOver
  }

  cancel(): void {}
}

/** The story has not begun. */
export const outset = new Nothing(false)
/** The story is over; nothing follows. */
export const over = new Nothing(true)

/** A step has reported that is not the one under way: a defect. */
export const strayed = (): never => {
  throw new Error("a step that is not under way has reported")
}
