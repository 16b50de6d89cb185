/**
 * Dialer: from a target to a connected end.
 *
 * A target's addresses come from `--resolve`, from the literal itself, from what `localhost` means, or else from the
 * resolver; the policy is asked about each, and the very address that it permitted is dialled. One deadline stands
 * over all of it, and `cancel` ends all of it at once. Where nobody answers at the addresses that the resolver
 * remembered it is asked once more.
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { type Address, addressLiteral } from "../../protocol/address.ts"
import { refusal, type Refusal } from "../../protocol/refusal.ts"
import { comparableName, formatTarget, type Host, type Target } from "../../protocol/target.ts"
import { Attempt, type Connect } from "../sockets/attempt.ts"
import { after, cancel, type Deadline, type Expires } from "../common/deadline.ts"
import { type Loss, Race, type RaceOwner } from "./race.ts"
import type { Found, Resolution } from "./resolution.ts"
import { makeResolver, type Resolver } from "./resolver.ts"
import type { SocketEnd } from "../sockets/socket-end.ts"
import { DescriptorBudget } from "../sockets/descriptor-budget.ts"
import type { Cancellable } from "../common/cancellable.ts"

/**
 * A connection that was made. Its `end` hears nothing until it is given a receiver, which must happen before
 * `connected` returns: bytes of a server that speaks first may follow in the next callback. Bytes that find no receiver
 * reset the connection.
 */
export interface Dialled {
  readonly end: SocketEnd
  readonly address: Address
  readonly port: number
}

/** Asks for a connection, and hears what became of it: once, unless the dial is cancelled. */
export interface DialOwner {
  /** Judges one address of the host that was `asked` for, by the policy: undefined permits it. */
  readonly permit: (address: Address, port: number, asked: Host) => Refusal | undefined
  /** `started` is when the dial was, on the monotonic clock. */
  readonly connected: (dialled: Dialled, started: number) => void
  /** `address` is the one that the refusal is about; absent where the dial did not come so far. */
  readonly failed: (refusal: Refusal, address: string | undefined) => void
}

/** The settings that a dial reads when it begins; `Settings` has them. */
export interface DialSettings {
  /** Milliseconds for the resolution and every attempt together. */
  readonly dialTimeout: number
  /** With two sockets each. */
  readonly maxConnections: number
  readonly resolve: ReadonlyArray<{
    /** Lower case, without a trailing dot. */
    readonly host: string
    readonly port: number
    readonly address: Address
    readonly toPort: number
  }>
}

export interface DialerParts {
  readonly settings: () => DialSettings
  readonly connect: Connect
  readonly resolver: Resolver
}

export class Dialer extends Context.Service<
  Dialer,
  {
    /** Makes a dial that connects to the first address of `target` that answers, once it is started. */
    readonly dial: (target: Target, owner: DialOwner) => Dial
    /** A client connected: overtaken attempts give up a descriptor if it is needed. */
    readonly reclaim: () => void
  }
>()("pillion/net/Dialer") {
  static readonly layer = (settings: () => DialSettings, connect: Connect): Layer.Layer<Dialer> =>
    Layer.sync(Dialer, () => makeDialer({ settings, connect, resolver: makeResolver() }))
}

export const makeDialer = (parts: DialerParts): Dialer["Service"] => {
  const overtaken = new DescriptorBudget(() => 2 * parts.settings().maxConnections)
  return Dialer.of({
    dial: (target, owner) => new Dial(target, owner, parts, overtaken),
    reclaim: () => overtaken.reclaim(),
  })
}

interface Asked {
  readonly name: string
  readonly answer: Found
  readonly mayAskAgain: boolean
}

/** One dial: its deadline, and the phase that it is in. */
export class Dial implements Cancellable, RaceOwner, Expires {
  private readonly target: Target
  private readonly owner: DialOwner
  private readonly parts: DialerParts
  private readonly overtaken: DescriptorBudget
  private readonly settings: DialSettings
  private started = 0
  private deadline: Deadline | undefined = undefined
  private leave: (() => void) | undefined = undefined
  private race: Race | undefined = undefined
  /** The resolver's answer, if it was asked; remembered addresses may be asked for again. */
  private asked: Asked | undefined = undefined
  /** How the race for remembered addresses was lost. */
  private loss: Loss | undefined = undefined
  /** The deadline has passed. */
  private isLate = false

  constructor(target: Target, owner: DialOwner, parts: DialerParts, overtaken: DescriptorBudget) {
    this.target = target
    this.owner = owner
    this.parts = parts
    this.overtaken = overtaken
    this.settings = parts.settings()
  }

  /** `now` is on the monotonic clock. May have failed before it returns. */
  start(now: number): void {
    this.started = now
    this.deadline = after(this.settings.dialTimeout, this, now)
    const { host, port } = this.target
    if (host._tag !== "Name") return this.connect([host], port)
    const name = comparableName(host.name)
    const rule = this.settings.resolve.find((rule) => rule.host === name && rule.port === port)
    if (rule !== undefined) return this.connect([rule.address], rule.toPort)
    if (name === "localhost" || name.endsWith(".localhost")) return this.connect(localhost, port)
    this.lookUp(host.name)
  }

  private lookUp(name: string): void {
    this.leave = this.parts.resolver.lookup(name, (answer, remembered) => this.resolved(name, answer, remembered))
  }

  /** Frees every socket at once. */
  cancel(): void {
    cancel(this.deadline)
    this.leave?.()
    this.race?.cancel()
  }

  private resolved(name: string, answer: Resolution, remembered: boolean): void {
    if (answer._tag === "Missing") return this.fail(answer.refusal, undefined)
    const { asked } = this
    this.asked = { name, answer, mayAskAgain: remembered && asked === undefined }
    if (asked === undefined) return this.connect(answer.addresses, this.target.port)
    const tried = new Set(asked.answer.addresses.map(({ text }) => text))
    const others = answer.addresses.filter(({ text }) => !tried.has(text))
    if (others.length > 0) this.connect(others, this.target.port)
    else this.fail(this.loss!.refusal, this.loss!.address)
  }

  /** Races the addresses that are permitted; a name with none is refused as its first address was. */
  private connect(addresses: ReadonlyArray<Address>, port: number): void {
    let denied: Loss | undefined
    const permitted: Array<Address> = []
    for (const address of addresses) {
      const refusal = this.owner.permit(address, port, this.target.host)
      if (refusal === undefined) permitted.push(address)
      else denied ??= { refusal, address: address.text }
    }
    if (permitted.length === 0 && denied !== undefined) return this.fail(denied.refusal, denied.address)
    this.race = new Race(permitted, port, this.parts.connect, this, this.overtaken)
    this.race.start()
  }

  raced(result: Attempt | Loss): void {
    if (!(result instanceof Attempt)) return this.lost(result)
    cancel(this.deadline)
    this.owner.connected(result, this.started)
  }

  /** Names move: a remembered address may be out of use by now. Then the resolver is asked for others, once. */
  private lost(loss: Loss): void {
    const { asked } = this
    // What this machine lacks is not the addresses' fault.
    if (asked === undefined || loss.refusal.reason === "proxy-error") return this.fail(loss.refusal, loss.address)
    this.parts.resolver.forget(asked.name, asked.answer)
    if (!asked.mayAskAgain || this.isLate) return this.fail(loss.refusal, loss.address)
    this.loss = loss
    this.race = undefined
    this.lookUp(asked.name)
  }

  expire(): void {
    this.isLate = true
    if (this.race !== undefined) return this.race.timeOut()
    this.leave?.()
    if (this.loss !== undefined) return this.fail(this.loss.refusal, this.loss.address)
    this.fail(refusal("name-timeout", `${formatTarget(this.target)}: no answer from the name server`), undefined)
  }

  private fail(refusal: Refusal, address: string | undefined): void {
    cancel(this.deadline)
    this.owner.failed(refusal, address)
  }
}

/** RFC 6761 section 6.3: `localhost`, and every name below it, is never looked up. */
const localhost: ReadonlyArray<Address> = [addressLiteral("127.0.0.1"), addressLiteral("::1")]
