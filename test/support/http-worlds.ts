/**
 * HTTP worlds: an exchange, and connections to origins at rest, among scripted ends.
 */
import type { Settings } from "../../src/config/settings.ts"
import { Drain, type DrainListener } from "../../src/net/common/drain-signal.ts"
import { Exchange } from "../../src/net/http/exchange.ts"
import type { ExchangeContext, Need } from "../../src/net/http/exchange-context.ts"
import { Linger } from "../../src/net/common/linger.ts"
import { OriginConnection, type OriginOwner } from "../../src/net/http/origin-connection.ts"
import { ClientOrigins } from "../../src/net/http/client-origins.ts"
import { OriginPool } from "../../src/net/http/origin-pool.ts"
import { DescriptorBudget } from "../../src/net/sockets/descriptor-budget.ts"
import { Splicer } from "../../src/net/splice/splicer.ts"
import type { Direction } from "../../src/flow/flow.ts"
import type { RequestRecord } from "../../src/flow/request-record.ts"
import { toLatin1 } from "../../src/protocol/bytes.ts"
import { makeForwarding } from "../../src/protocol/http/forward.ts"
import { Inbox } from "../../src/protocol/inbox.ts"
import { type Reason, refusal } from "../../src/protocol/refusal.ts"
import { formatTarget } from "../../src/protocol/target.ts"
import type { ExchangeRecorder } from "../../src/protocol/recording.ts"
import type { World } from "./playbook.ts"
import type { ScriptedEnd } from "./scripted-end.ts"
import { Told } from "./told.ts"
import { bytes, destinations, Ends, pseudonym, settings } from "./worlds.ts"

const forwarding = makeForwarding(pseudonym)

/** A drain that can be asked who waits for it. */
export class WatchedDrain extends Drain {
  readonly waiting = new Set<DrainListener>()

  override subscribe(subscriber: DrainListener): void {
    super.subscribe(subscriber)
    this.waiting.add(subscriber)
  }

  override unsubscribe(subscriber: DrainListener): void {
    super.unsubscribe(subscriber)
    this.waiting.delete(subscriber)
  }
}

/** Everything that exchanges share, and what may change about it. */
export class Shared {
  settings: Settings = { ...settings }
  readonly drain = new WatchedDrain()
  /** How many sockets there may be more than there are. */
  private places = Infinity
  readonly spare = new DescriptorBudget(() => this.places)
  readonly origins: OriginPool
  /** Who records; nobody does by default. */
  readonly recorders: { current: ExchangeRecorder | undefined } = { current: undefined }

  constructor() {
    this.origins = new OriginPool(() => this.settings, this.drain, this.spare)
  }

  readonly deeds = {
    "the drain begins": (): void => this.drain.start(),
    "the settings change": (): void => void (this.settings = { ...this.settings }),
    "a descriptor is needed": (): void => {
      this.places = -1
      this.spare.reclaim()
      this.places = Infinity
    },
  }

  context(direction: Direction): ExchangeContext {
    return {
      resolve: destinations()[direction].resolve,
      limits: () => this.settings,
      pseudonym,
      forwarding,
      drain: this.drain,
      idleOrigins: this.spare,
      originPool: this.origins,
      splicer: new Splicer(undefined),
      recorders: this.recorders,
    }
  }

  /** Ends what waits for a next client. */
  giveUp(): void {
    this.drain.start()
  }
}

/** Connections to origins at rest: one client's own, and those that are shared. */
export const origins = (): World => {
  const all = new Ends()
  const shared = new Shared()
  const own = new ClientOrigins(shared.spare, shared.origins)
  const names = new Map<OriginConnection, string>()
  const owner: OriginOwner = {
    originAnswered: (origin) => all.effects.add(`${names.get(origin)} answers`),
    originDrained() {},
    originEnded: (origin) => {
      all.effects.add(`${names.get(origin)} has ended`)
      own.forget(origin)
      origin.release()
    },
    originExpired: (origin) => own.release(origin),
  }
  const now = (): Settings => shared.settings
  const make = (key: string): OriginConnection => {
    const end = all.next("origin")
    const origin = new OriginConnection(end, "192.0.2.1:80", key, owner, shared.settings, now, pseudonym)
    names.set(origin, end.name)
    return origin
  }
  const took = (origin: OriginConnection | undefined): void =>
    all.effects.add(`took ${origin === undefined ? "none" : names.get(origin)}`)
  const deeds = {
    ...shared.deeds,
    "one rests for": (key: string) => own.rest(make(key), performance.now()),
    "an exclusive one rests for": (key: string) =>
      own.rest(Object.assign(make(key), { unshareable: true }), performance.now()),
    take: (key: string) => took(own.take(key, shared.settings, performance.now(), false)),
    "take a shared one": (key: string) => took(shared.origins.take(key)),
    "the client goes": () => own.giveBack(),
  }
  const giveUp = (): void => {
    own.giveBack()
    shared.giveUp()
    all.terminate()
  }
  return { effects: all.effects, ends: all.ends, deeds, giveUp }
}

export interface ExchangeWorld extends World {
  readonly client: ScriptedEnd
  readonly drain: WatchedDrain
  /** What the owner was asked for and has not given; it is over when it was asked for its end. */
  readonly needs: { origin: boolean; over: number; cancelled: boolean }
  /** Requests that were begun and not reported; what was reported. */
  readonly reports: { under: number; reported: Array<RequestRecord>; wrong: string | undefined }
}

export interface Transaction {
  readonly direction?: "inbound" | "outbound"
  readonly first?: string
  readonly finished?: boolean
  /** Requests are recorded, with so many bytes of each body. */
  readonly records?: number
  /** The owner closes the client itself when it is asked to, as a connection does. */
  readonly closes?: boolean
}

export const exchange =
  ({ direction = "outbound", first = "", finished = false, closes = false, records }: Transaction = {}) =>
  (): ExchangeWorld => {
    const all = new Ends()
    const shared = new Shared()
    if (records !== undefined)
      shared.recorders.current = { begin: () => new Told(records), beginStream: () => undefined }
    const client = all.add("client")
    const needs = { origin: false, over: 0, cancelled: false }
    const reports: ExchangeWorld["reports"] = { under: 0, reported: [], wrong: undefined }
    let linger: Linger | undefined
    const need = (needed: Need): void => {
      all.effects.add(`needs ${needOf(needed)}`)
      if (needed._tag === "Origin") {
        needs.origin = true
        reports.under = 1
        return
      }
      needs.over++
      needs.origin = false
      if (!closes) return
      if (needed._tag === "Upgraded") needed.origin.terminate()
      const words = needed._tag === "Close" ? needed.reply : undefined
      if (words === undefined) return client.terminate()
      linger = new Linger(client, shared.settings.halfCloseTimeout, undefined)
      linger.start(words)
    }
    const inbox = new Inbox()
    if (first !== "") inbox.add(bytes(first))
    const machine = new Exchange(client, inbox, finished, shared.context(direction), {
      needs: need,
      sends: () => void (reports.under = 1),
      recorded: (_, { recording, n, requestIsWhole, responseIsWhole }) => {
        const whole = [...(requestIsWhole ? ["request"] : []), ...(responseIsWhole ? ["response"] : [])]
        all.effects.add(`recorded ${n}, whole: ${whole.join(" and ") || "nothing"}`)
        if (recording instanceof Told) for (const line of recording.lines) all.effects.add(`recorded ${line}`)
      },
      answered: (answered) => {
        const isRequest = answered.method !== "-"
        if (isRequest && reports.under === 0) reports.wrong ??= `${answered.path} is reported, and was not under way`
        if (isRequest) reports.under = 0
        reports.reported.push(answered)
        all.effects.add(`reports ${reportOf(answered)}`)
      },
    })
    machine.start()
    const supply = (): void => {
      needs.origin = false
      machine.supply(all.next("origin"), "192.0.2.1:80")
    }
    const decline = (reason: string): void => {
      needs.origin = false
      machine.decline(refusal(reason as Reason, "as the script says"))
    }
    const cancel = (): void => {
      needs.cancelled ||= needs.over === 0
      needs.origin = false
      machine.cancel()
    }
    const giveUp = (): void => {
      cancel()
      linger?.cancel()
      client.terminate()
      shared.giveUp()
      all.terminate()
    }
    const deeds = { ...shared.deeds, supply, decline, cancel }
    return { effects: all.effects, ends: all.ends, client, drain: shared.drain, needs, reports, deeds, giveUp }
  }

const needOf = (need: Need): string => {
  switch (need._tag) {
    case "Origin":
      return `Origin ${formatTarget(need.target)}`
    case "Connect":
      return `Connect${need.finished ? ", finished" : ""}`
    case "Upgraded": {
      const { toClient, toTarget, finished } = need
      return `Upgraded, client < ${toLatin1(toClient)}, origin < ${toLatin1(toTarget)}${finished ? ", finished" : ""}`
    }
    case "Closed":
      return "Closed"
    case "Close":
      if (need.reply === undefined) return "Over by a reset"
      return need.reply.length === 0 ? "Over in order" : `Over behind ${toLatin1(need.reply)}`
  }
}

/** `GET a:80/path 200 with 5`, and how it ended when it was not whole. */
export const reportOf = ({
  method,
  target = "",
  path,
  status,
  bytesOut,
  endedBy,
  phase,
  error,
}: RequestRecord): string =>
  `${method} ${target}${path} ${status} with ${bytesOut}` +
  (endedBy === undefined ? "" : `, ended by ${endedBy} in ${phase}: ${error}`)
