/**
 * Negotiation: the first bytes of a client until it is known what it wants, and then held until that can be had. Finds
 * out which protocol is spoken, takes the handshake through its steps, and answers them.
 *
 * Each is for one end and one intent. An owner that has put another end over the client's, or has heard it ask for
 * something else, makes another one, and hands on what was received and not consumed.
 */
import type { Phase, Protocol } from "../flow/flow.ts"
import { empty } from "../protocol/bytes.ts"
import { detect } from "../protocol/detect/detect.ts"
import type { Allowed, HandshakeParts, ProtocolTable } from "../protocol/detect/protocols.ts"
import type { Handshake } from "../protocol/handshake.ts"
import { Inbox, maxHeldBytes } from "../protocol/inbox.ts"
import { type Refusal, refusal } from "../protocol/refusal.ts"
import { refusalReply } from "../protocol/refusal-reply.ts"
import type { Target } from "../protocol/target.ts"
import { makeTcp } from "../protocol/detect/raw.ts"

import { after, cancel, type Deadline, type Expires } from "./common/deadline.ts"
import type { End, Receiver } from "./common/end.ts"
import type { Cancellable } from "./common/cancellable.ts"

/** The protocols that a listener takes. */
export interface AcceptedProtocols extends HandshakeParts {
  /** Opaque bytes only: nothing is detected, no byte is waited for. */
  readonly opaque: boolean
  readonly allowed: Allowed
  /** The protocols that are recognised; absent for all that this proxy speaks. */
  readonly protocols?: ProtocolTable
  /** Milliseconds from the accept until a handshake must be whole. */
  readonly handshakeTimeout: number
}

/** A client's wish, as its first bytes say it. */
export type ClientIntent =
  /** A tunnel: to `target`, or for a listener that needs none to its workload. */
  | { readonly _tag: "Tunnel"; readonly handshake: Handshake; readonly target: Target | undefined }
  /** Plain HTTP requests, the first of them in the inbox. */
  | { readonly _tag: "Exchange" }
  /** Nothing that it can have; `reply` says so in its own protocol. */
  | { readonly _tag: "Refused"; readonly refusal: Refusal; readonly reply: Uint8Array; readonly spoken: Protocol }
  /** The client left before it asked for anything; a code says that it did not leave in order. */
  | { readonly _tag: "Gone"; readonly code: string | undefined }

/** Hears what a client wants. */
export interface NegotiationOwner {
  /** Called once, perhaps before `ask` returns. */
  readonly asked: (asked: ClientIntent, negotiation: Negotiation) => void
  /** The client went after it asked, while what it wants is being made. */
  readonly abandoned: () => void
}

export class Negotiation implements Receiver, Cancellable, Expires {
  /** Bytes that the client has sent and nobody has consumed. */
  readonly inbox: Inbox
  /** The client's FIN has arrived. */
  finished: boolean
  phase: Phase = "detect"
  /** When it was known what the client speaks, on the monotonic clock. */
  recognisedAt: number | undefined = undefined
  private readonly client: End
  private readonly accepts: AcceptedProtocols
  private readonly owner: NegotiationOwner
  /** The handshake of the protocol that the client speaks, once that is known. */
  private handshake: Handshake | undefined
  /** Why the client's socket closed, when that was not in order. */
  private code: string | undefined = undefined
  /** Still finds out what the client wants. */
  private listening = false
  private deadline: Deadline | undefined = undefined

  /** `inbox` holds what the client has sent so far; `finished` says that its FIN is among it. */
  constructor(
    client: End,
    accepts: AcceptedProtocols,
    owner: NegotiationOwner,
    inbox: Inbox = new Inbox(),
    finished = false,
  ) {
    this.client = client
    this.accepts = accepts
    this.owner = owner
    this.inbox = inbox
    this.finished = finished
    this.handshake = accepts.opaque ? makeTcp() : undefined
    client.receiver = this
  }

  /** Listens until it is known what the client wants; from then on its bytes are held. `now` is on the monotonic clock. */
  ask(now: number): void {
    this.listening = true
    if (!this.client.open) return this.answer({ _tag: "Gone", code: this.code })
    this.listen()
    // What was handed on may end with its FIN: no more is to come.
    if (this.finished) this.answer({ _tag: "Gone", code: undefined })
    // A client that has asked already, or need not ask, needs no deadline.
    if (!this.listening) return
    this.client.resume()
    this.deadline = after(this.accepts.handshakeTimeout, this, now)
  }

  cancel(): void {
    this.listening = false
    this.settle()
  }

  data(_: End, chunk: Uint8Array): void {
    this.inbox.add(chunk)
    if (this.listening) this.listen()
    else if (this.inbox.length > maxHeldBytes) this.client.pause()
    this.inbox.keep()
  }

  drain(): void {}

  ended(): void {
    this.finished = true
    if (this.listening) this.answer({ _tag: "Gone", code: undefined })
  }

  closed(_: End, code: string | undefined): void {
    this.code = code
    if (this.listening) this.answer({ _tag: "Gone", code })
    else this.owner.abandoned()
  }

  /** Goes as far as the bytes that are here allow. */
  private listen(): void {
    const handshake = this.handshake ?? this.recognise()
    if (handshake === undefined) return
    while (this.listening) {
      const step = handshake.step(this.inbox.view())
      switch (step._tag) {
        case "NeedMore":
          return
        case "Reply":
          this.inbox.consume(step.consumed)
          // A peer that cannot take two bytes at the start of its connection is not going to.
          if (this.client.write(step.bytes) !== step.bytes.length) return this.client.terminate()
          break
        case "Dial":
          this.inbox.consume(step.consumed)
          return this.answer({ _tag: "Tunnel", handshake, target: step.target })
        case "Refuse":
          return this.refuse(handshake, step.refusal)
      }
    }
  }

  /** The handshake to take; undefined while more bytes are needed, or where the client has its answer. */
  private recognise(): Handshake | undefined {
    const { allowed, protocols } = this.accepts
    const detected = detect(this.inbox.view(), allowed, protocols)
    if (detected._tag === "NeedMore") return undefined
    if (detected._tag === "Refuse") {
      const { refusal, as } = detected
      this.answer({ _tag: "Refused", refusal, reply: refusalReply(as, refusal), spoken: as?.name ?? "unknown" })
      return undefined
    }
    this.handshake = detected.make(this.accepts)
    if (this.handshake === undefined) {
      this.answer(exchange)
      return undefined
    }
    this.phase = "handshake"
    this.recognisedAt = performance.now()
    return this.handshake
  }

  private refuse(handshake: Handshake, refused: Refusal): void {
    const reply = refusalReply(handshake, refused)
    this.answer({ _tag: "Refused", refusal: refused, reply, spoken: handshake.protocol })
  }

  expire(): void {
    const { handshake } = this
    if (handshake !== undefined)
      return this.refuse(handshake, refusal("request-timeout", "the handshake took too long"))
    this.answer({
      _tag: "Refused",
      refusal: refusal(
        "request-timeout",
        this.inbox.length === 0 ? "the client sent nothing" : "no protocol was recognised",
      ),
      reply: empty,
      spoken: "unknown",
    })
  }

  private answer(asked: ClientIntent): void {
    this.settle()
    if (!this.listening) return
    this.listening = false
    this.owner.asked(asked, this)
  }

  private settle(): void {
    cancel(this.deadline)
    this.deadline = undefined
  }
}

const exchange: ClientIntent = { _tag: "Exchange" }
