/**
 * Opening: the first bytes of a client, from its accept until it is known what it wants, and then held until that can
 * be had. It finds out which protocol is spoken, takes the handshake through its steps, and answers them.
 */
import type { Phase, Protocol } from "../flow/flow.ts"
import { empty } from "../protocol/bytes.ts"
import { type Allowed, detect, type SpokenProtocol } from "../protocol/detect/detect.ts"
import type { Handshake } from "../protocol/handshake.ts"
import { answerRefusal } from "../protocol/http/answer.ts"
import { type ConnectLimits, makeConnect } from "../protocol/http/connect.ts"
import { Inbox } from "../protocol/inbox.ts"
import { type Refusal, refusal } from "../protocol/refusal.ts"
import { makeSocks4 } from "../protocol/socks/socks4.ts"
import { makeSocks5 } from "../protocol/socks/socks5.ts"
import type { Target } from "../protocol/target.ts"
import { makeTcp, makeVerbatim } from "../protocol/detect/raw.ts"

import { after, cancel, type Deadline } from "./common/deadline.ts"
import type { End, Receiver } from "./common/end.ts"
import type { Cancellable } from "./common/cancellable.ts"

/** Bytes that a client may send ahead of its tunnel before it is paused. */
export const holdBytes = 64 * 1024

/** What a listener takes. */
export interface AcceptedProtocols {
  /** Opaque bytes only: nothing is detected, no byte is waited for. */
  readonly opaque: boolean
  readonly allowed: Allowed
  /** HTTP that does not name a destination is carried as it is (inbound), or is an error (outbound). */
  readonly verbatim: boolean
  /** Milliseconds from the accept until a handshake must be whole. */
  readonly handshakeTimeout: number
  readonly limits: ConnectLimits
}

/** What a client wants. */
export type ClientIntent =
  /** A tunnel: to `target`, or for a listener that needs none to its workload. */
  | { readonly _tag: "Tunnel"; readonly handshake: Handshake; readonly target: Target | undefined }
  /** Plain HTTP requests, the first of them in the inbox. */
  | { readonly _tag: "Exchange" }
  /** Nothing that it can have; `words` say so in its own protocol. */
  | { readonly _tag: "Refused"; readonly refusal: Refusal; readonly words: Uint8Array; readonly spoken: Protocol }
  /** It left before it asked for anything; a code says that it did not leave in order. */
  | { readonly _tag: "Gone"; readonly code: string | undefined }

/** Who hears what a client wants. */
export interface NegotiationOwner {
  /** Called once for every `ask`, perhaps before it returns. */
  readonly asked: (asked: ClientIntent) => void
  /** The client went after it asked, while what it wants is being made. */
  readonly abandoned: () => void
}

export class Negotiation implements Receiver, Cancellable {
  /** What the client has sent and nobody has consumed. */
  readonly inbox = new Inbox()
  /** Its FIN has arrived. */
  finished = false
  phase: Phase = "detect"
  /** That of the protocol which the client speaks, once it is known. */
  handshake: Handshake | undefined
  /** When it was known what the client speaks, on the monotonic clock. */
  recognisedAt: number | undefined = undefined
  private readonly client: End
  private readonly accepts: AcceptedProtocols
  private readonly owner: NegotiationOwner
  /** Why its socket closed, when that was not in order. */
  private code: string | undefined = undefined
  /** It is not known yet what the client wants. */
  private listening = false
  private deadline: Deadline | undefined = undefined

  constructor(client: End, accepts: AcceptedProtocols, owner: NegotiationOwner) {
    this.client = client
    this.accepts = accepts
    this.owner = owner
    this.handshake = accepts.opaque ? makeTcp() : undefined
    client.receiver = this
  }

  /**
   * Listens until it is known what the client wants; from then on its bytes are held. May be asked again. `now` is on
   * the monotonic clock.
   */
  ask(now: number): void {
    this.listening = true
    if (!this.client.open) return this.answer({ _tag: "Gone", code: this.code })
    this.client.receiver = this
    this.listen()
    // Whoever has asked already, or need not ask, needs no deadline.
    if (this.listening) this.deadline = after(this.accepts.handshakeTimeout, expire, this, now)
  }

  cancel(): void {
    this.listening = false
    this.settle()
  }

  data(_: End, chunk: Uint8Array): void {
    this.inbox.add(chunk)
    if (this.listening) this.listen()
    else if (this.inbox.length > holdBytes) this.client.pause()
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
    if (this.handshake === undefined && !this.recognise()) return
    while (this.listening) {
      const step = this.handshake!.step(this.inbox.view())
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
          return this.answer({ _tag: "Tunnel", handshake: this.handshake!, target: step.target })
        case "Refuse":
          return this.refuse(step.refusal)
      }
    }
  }

  /** Whether it is known which handshake to take; otherwise more bytes are needed, or the client has its answer. */
  private recognise(): boolean {
    const { allowed, verbatim, limits } = this.accepts
    const detected = detect(this.inbox.view(), allowed)
    switch (detected._tag) {
      case "NeedMore":
        return false
      case "Socks4":
        this.handshake = makeSocks4()
        break
      case "Socks5":
        this.handshake = makeSocks5()
        break
      case "Connect":
        this.handshake = makeConnect(limits)
        break
      case "Forward":
        this.answer(exchange)
        return false
      case "OriginForm":
        if (!verbatim) {
          this.answer(exchange)
          return false
        }
        this.handshake = makeVerbatim()
        break
      case "Refuse":
        this.answer({
          _tag: "Refused",
          refusal: detected.refusal,
          words: wordsFor(detected.refusal, detected.as),
          spoken: detected.as === "none" ? "unknown" : detected.as,
        })
        return false
    }
    this.phase = "handshake"
    this.recognisedAt = performance.now()
    return true
  }

  private refuse(refused: Refusal): void {
    const handshake = this.handshake!
    const words = handshake.refused(refused)
    this.answer({ _tag: "Refused", refusal: refused, words, spoken: protocolOf(handshake) })
  }

  expire(): void {
    if (this.handshake !== undefined) return this.refuse(refusal("request-timeout", "the handshake took too long"))
    this.answer({
      _tag: "Refused",
      refusal: refusal(
        "request-timeout",
        this.inbox.length === 0 ? "the client sent nothing" : "no protocol was recognised",
      ),
      words: empty,
      spoken: "unknown",
    })
  }

  private answer(asked: ClientIntent): void {
    this.settle()
    if (!this.listening) return
    this.listening = false
    this.owner.asked(asked)
  }

  private settle(): void {
    cancel(this.deadline)
    this.deadline = undefined
  }
}

/** What the log calls the protocol of a handshake. */
export const protocolOf = ({ protocol }: Handshake): Protocol => (protocol === "verbatim" ? "http" : protocol)

const exchange: ClientIntent = { _tag: "Exchange" }

const expire = (opening: Negotiation): void => opening.expire()

/** How a client is refused that has not shaken hands: in the words of the protocol that it began to speak. */
const wordsFor = (refused: Refusal, spoken: SpokenProtocol): Uint8Array => {
  switch (spoken) {
    case "socks4":
      return makeSocks4().refused(refused)
    case "socks5":
      return makeSocks5().refused(refused)
    case "http":
      return answerRefusal(refused, { close: true, body: true })
    case "none":
      return empty
  }
}
