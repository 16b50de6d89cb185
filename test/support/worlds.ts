/**
 * Worlds: each state machine among scripted ends, with an owner that does what a script says. Every constructor that a
 * playbook or the explorer calls is called here, or in http-worlds.ts and connection-world.ts.
 */
import { Delivery } from "../../src/net/common/delivery.ts"
import { Linger } from "../../src/net/common/linger.ts"
import {
  type AcceptedProtocols,
  type ClientIntent,
  Negotiation,
  type NegotiationOwner,
} from "../../src/net/negotiation.ts"
import { Relay } from "../../src/net/tunnel/relay.ts"
import type { Flow } from "../../src/flow/flow.ts"
import { fromLatin1, toLatin1 } from "../../src/protocol/bytes.ts"
import { formatTarget } from "../../src/protocol/target.ts"
import { CountingEnd } from "./counting-end.ts"
import { flowOf } from "./flows.ts"
import { bytesOf, Effects, type World } from "./playbook.ts"
import { ScriptedEnd } from "./scripted-end.ts"
import { type Destinations, makeDestinations } from "../../src/proxy/destination.ts"
import type { Settings } from "../../src/config/settings.ts"
import { settingsOf } from "./settings.ts"
import { ScriptedSplicer, ScriptedWiretap } from "./wiretaps.ts"

/** What every machine is given. */
export const pseudonym = "px"
export const settings = settingsOf()
export const bytes = (text: string): Uint8Array => fromLatin1(bytesOf(text))

/** Where connections go: to a workload of that name, or wherever their clients say unless that is denied. */
export const destinations = (denyDestinations: Settings["denyDestinations"] = []): Destinations =>
  makeDestinations({
    settings: () => ({ ...settings, proxyHost: { _tag: "Name", name: "workload" }, proxyPort: 80, denyDestinations }),
    listening: () => [],
    localAddresses: () => new Set(),
  })

/** The ends of a world, and what is told of them. */
export class Ends {
  readonly effects = new Effects()
  readonly ends = new Map<string, ScriptedEnd>()

  add(name: string): ScriptedEnd {
    const end = new ScriptedEnd(name, this.effects.tell)
    this.ends.set(name, end)
    return end
  }

  /** `name`, `name2`, `name3`, ... */
  next(name: string): ScriptedEnd {
    let count = 1
    for (const known of this.ends.keys()) if (known.replace(/\d+$/, "") === name) count++
    return this.add(count === 1 ? name : `${name}${count}`)
  }

  terminate(): void {
    for (const end of this.ends.values()) end.terminate()
  }
}

/** Who ended a flow, and by which error. */
export const endingOf = ({ endedBy, code }: Flow): string =>
  `${endedBy ?? "nobody"}${code === undefined ? "" : ` (${code})`}`

export interface RelayWorld extends World {
  readonly client: ScriptedEnd
  readonly target: ScriptedEnd
  readonly over: { count: number; cancelled: boolean }
  /** Who listens, if anybody does. */
  readonly wiretap: ScriptedWiretap | undefined
}

/** What went before the two ends were joined. */
export interface Joined {
  readonly toClient?: string
  readonly toTarget?: string
  readonly clientFinished?: boolean
  /** Somebody listens; "silently": without telling what it hears; "already": before anybody has spoken. */
  readonly wiretap?: boolean | "silently" | "already"
  /** Done to the ends before that. */
  readonly before?: (client: ScriptedEnd, target: ScriptedEnd) => void
}

export const relay =
  ({ toClient = "", toTarget = "", clientFinished = false, wiretap, before }: Joined = {}) =>
  (): RelayWorld => {
    const all = new Ends()
    const client = all.add("client")
    const target = all.add("target")
    const flow = flowOf()
    const over = { count: 0, cancelled: false }
    const splicer = new ScriptedSplicer(all.effects.add)
    const listener = new ScriptedWiretap(wiretap === "silently" ? () => {} : all.effects.add)
    let listens: ScriptedWiretap | undefined
    const machine = new Relay(client, target, {
      flow,
      limits: () => settings,
      splicer,
      wiretap: (first, held, from) => {
        if (wiretap === undefined) return undefined
        const of = from === "client" ? "" : ", of the target"
        if (wiretap !== "silently")
          all.effects.add(`is asked who listens to ${toLatin1(first)}${held ? ", held" : ""}${of}`)
        return (listens = listener)
      },
      relayed: () => {
        over.count++
        all.effects.add(`relayed, ended by ${endingOf(flow)}`)
      },
    })
    before?.(client, target)
    if (wiretap === "already") listens = listener
    machine.start(bytes(toClient), bytes(toTarget), clientFinished, listens)
    const cancel = (): void => {
      over.cancelled ||= over.count === 0
      machine.cancel()
    }
    const deeds = { cancel, ...splicer.deeds, ...listener.deeds }
    return {
      effects: all.effects,
      ends: all.ends,
      deeds,
      giveUp: cancel,
      client,
      target,
      over,
      get wiretap() {
        return listens
      },
    }
  }

/** What a listener takes; an inbound one carries HTTP in origin-form as it is. */
export const opening =
  (more: Partial<AcceptedProtocols> = {}) =>
  (): World => {
    const all = new Ends()
    const client = all.add("client")
    const accepts: AcceptedProtocols = {
      opaque: false,
      allowed: { http: true, socks: true, insteadOfTls: "write http://" },
      verbatim: false,
      handshakeTimeout: settings.handshakeTimeout,
      limits: { ...settings, pseudonym },
      ...more,
    }
    const owner: NegotiationOwner = {
      asked: (asked) => all.effects.add(`asks for ${wordsOf(asked)}`),
      abandoned: () => all.effects.add("is abandoned"),
    }
    let machine = new Negotiation(client, accepts, owner)
    /** What a layer does: puts an end over the client's, and hands on what has come. */
    const again = (): void => {
      const { inbox, finished } = machine
      machine = new Negotiation(new CountingEnd(client), accepts, owner, inbox, finished)
      machine.ask(performance.now())
    }
    const cancel = (): void => machine.cancel()
    const giveUp = (): void => {
      cancel()
      client.terminate()
    }
    const holds = (): void => all.effects.add(`holds ${machine.inbox.length}${machine.finished ? ", finished" : ""}`)
    const deeds = {
      ask: () => machine.ask(performance.now()),
      cancel,
      "another end is asked": again,
      "what is held?": holds,
    }
    return { effects: all.effects, ends: all.ends, deeds, giveUp }
  }

const wordsOf = (asked: ClientIntent): string => {
  switch (asked._tag) {
    case "Tunnel":
      return `a tunnel by ${asked.handshake.protocol} to ${asked.target === undefined ? "its workload" : formatTarget(asked.target)}`
    case "Exchange":
      return "an exchange"
    case "Refused":
      return `what it is refused by ${asked.spoken}, ${asked.refusal.reason}: ${toLatin1(asked.reply)}`
    case "Gone":
      return `nothing, gone${asked.code === undefined ? "" : ` (${asked.code})`}`
  }
}

/** The last words to an end, `before` which it is in some state. `heard`: somebody waits for what becomes of them. */
export const linger =
  (words: string, before?: (end: ScriptedEnd) => void, heard = true) =>
  (): World => {
    const all = new Ends()
    const peer = all.add("peer")
    before?.(peer)
    const machine = new Linger(
      peer,
      settings.halfCloseTimeout,
      heard ? { closed: (outcome) => all.effects.add(`over: ${outcome}`) } : undefined,
    )
    machine.start(bytes(words))
    const cancel = (): void => machine.cancel()
    return { effects: all.effects, ends: all.ends, deeds: { cancel }, giveUp: cancel }
  }

/** A peer that has been written so many bytes, and may be written more; the owner waits for some of them. */
export const delivery =
  (written: number, awaited = written) =>
  (): World => {
    const all = new Ends()
    const peer = all.add("peer")
    peer.slow = true
    peer.write(new Uint8Array(written).fill(0x78))
    const machine = new Delivery(peer, awaited, settings.halfCloseTimeout, {
      delivered: () => all.effects.add("delivered"),
      stalled: () => all.effects.add("stalled"),
    })
    const deeds = {
      cancel: () => machine.cancel(),
      "write more": (rest: string) => void peer.write(bytes(rest)),
      "is it whole?": () => all.effects.add(machine.isWhole ? "whole" : "not whole"),
    }
    return { effects: all.effects, ends: all.ends, deeds, giveUp: () => machine.cancel() }
  }
