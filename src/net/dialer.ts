/**
 * Dialer: from a target to a connected end.
 *
 * A target's addresses come from `--resolve`, from the literal itself, from what `localhost` means, or else from the
 * resolver; the policy is asked about each, and the very address that it permitted is dialled. One deadline stands
 * over all of it, and an interruption cancels all of it at once. A dial forks nothing and suspends once.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Address, parseAddress } from "../protocol/address.ts"
import { refusal, type Refusal } from "../protocol/refusal.ts"
import { comparableName, formatTarget, type Target } from "../protocol/target.ts"
import { Attempt, type Connect } from "./attempt.ts"
import { after, cancel } from "./deadline.ts"
import type { SocketEnd } from "./end.ts"
import { type Loss, Race } from "./race.ts"
import { type Answer, makeResolver, type Resolver } from "./resolver.ts"
import { chooseConnect } from "./self-test.ts"
import { Spare } from "./spare.ts"

/** `address` is the one that the refusal is about; absent where the dial did not come so far. */
export class DialFailed extends Data.TaggedError("DialFailed")<{
  readonly refusal: Refusal
  readonly address: string | undefined
}> {}

/**
 * A connection that was made. Its `end` hears nothing until it is given a receiver, which must happen before the fiber
 * suspends: a dial continues inside the socket's own callback, and bytes of a server that speaks first may follow in
 * the next. Bytes that find no receiver reset the connection.
 */
export interface Dialled {
  readonly end: SocketEnd
  readonly address: Address
  readonly port: number
}

/** What the policy says about one address: undefined permits it. */
export type Permit = (address: Address, port: number) => Refusal | undefined

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
    /** Connects to the first address of `target` that answers. Interruption cancels at once and frees every socket. */
    readonly dial: (target: Target, permit: Permit) => Effect.Effect<Dialled, DialFailed>
    /** A client came: attempts that were overtaken give up what it needs. */
    readonly makeRoom: () => void
  }
>()("pillion/net/Dialer") {
  static readonly layer = (settings: () => DialSettings): Layer.Layer<Dialer> =>
    Layer.effect(
      Dialer,
      Effect.map(chooseConnect, (connect) => makeDialer({ settings, connect, resolver: makeResolver() })),
    )
}

export const makeDialer = (parts: DialerParts): Dialer["Service"] => {
  const overtaken = new Spare(() => 2 * parts.settings().maxConnections)
  return Dialer.of({
    dial: (target, permit) =>
      Effect.callback<Dialled, DialFailed>((resume) => {
        const dial = new Dial(target, permit, parts, overtaken, resume)
        dial.start()
        return Effect.sync(() => dial.cancel())
      }),
    makeRoom: () => overtaken.makeRoom(),
  })
}

type Resume = (effect: Effect.Effect<Dialled, DialFailed>) => void

/** One dial under way: its deadline, and the phase that it is in. */
class Dial {
  private readonly target: Target
  private readonly permit: Permit
  private readonly parts: DialerParts
  private readonly overtaken: Spare
  private readonly resume: Resume
  private readonly settings: DialSettings
  private readonly deadline
  private leave: (() => void) | undefined
  private race: Race | undefined

  constructor(target: Target, permit: Permit, parts: DialerParts, overtaken: Spare, resume: Resume) {
    this.target = target
    this.permit = permit
    this.parts = parts
    this.overtaken = overtaken
    this.resume = resume
    this.settings = parts.settings()
    this.deadline = after(this.settings.dialTimeout, expire, this)
  }

  start(): void {
    const { host, port } = this.target
    if (host._tag !== "Name") return this.connect([host], port)
    const name = comparableName(host.name)
    const rule = this.settings.resolve.find((rule) => rule.host === name && rule.port === port)
    if (rule !== undefined) return this.connect([rule.address], rule.toPort)
    if (name === "localhost" || name.endsWith(".localhost")) return this.connect(localhost, port)
    this.leave = this.parts.resolver.lookup(host.name, (answer) => this.resolved(answer))
  }

  cancel(): void {
    cancel(this.deadline)
    this.leave?.()
    this.race?.cancel()
  }

  private resolved(answer: Answer): void {
    if (answer._tag === "Missing") this.fail(answer.refusal, undefined)
    else this.connect(answer.addresses, this.target.port)
  }

  /** Races the addresses that are permitted; a name with none is refused as its first address was. */
  private connect(addresses: ReadonlyArray<Address>, port: number): void {
    let denied: Loss | undefined
    const permitted: Array<Address> = []
    for (const address of addresses) {
      const refusal = this.permit(address, port)
      if (refusal === undefined) permitted.push(address)
      else denied ??= { refusal, address: address.text }
    }
    if (permitted.length === 0 && denied !== undefined) return this.fail(denied.refusal, denied.address)
    this.race = new Race(permitted, port, this.parts.connect, (result) => this.raced(result), this.overtaken)
    this.race.start()
  }

  private raced(result: Attempt | Loss): void {
    if (!(result instanceof Attempt)) return this.fail(result.refusal, result.address)
    cancel(this.deadline)
    this.resume(Effect.succeed({ end: result.end, address: result.address, port: result.port }))
  }

  expire(): void {
    if (this.race !== undefined) return this.race.expire()
    this.leave?.()
    this.fail(refusal("name-timeout", `${formatTarget(this.target)}: no answer from the name server`), undefined)
  }

  private fail(refusal: Refusal, address: string | undefined): void {
    cancel(this.deadline)
    this.resume(Effect.fail(new DialFailed({ refusal, address })))
  }
}

const expire = (dial: Dial): void => dial.expire()

/** RFC 6761 section 6.3: `localhost`, and every name below it, is never looked up. */
const localhost: ReadonlyArray<Address> = ["127.0.0.1", "::1"].flatMap((text) => parseAddress(text) ?? [])
