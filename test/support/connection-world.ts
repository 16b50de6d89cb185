/**
 * Connection world: the whole story of one client among scripted ends; its dials do what a script says.
 */
import type { Dial, DialOwner } from "../../src/net/dial/dialer.ts"
import type { End } from "../../src/net/common/end.ts"
import type { AcceptedProtocols } from "../../src/net/negotiation.ts"
import type { SocketEnd } from "../../src/net/sockets/socket-end.ts"
import { Splicer } from "../../src/net/splice/splicer.ts"
import { type Reason, refusal } from "../../src/protocol/refusal.ts"
import { formatTarget, type Target } from "../../src/protocol/target.ts"
import { Connection } from "../../src/proxy/connection.ts"
import type { ListenerContext } from "../../src/proxy/listener-context.ts"
import type { ProtocolTable } from "../../src/protocol/detect/protocols.ts"
import { CountingEnd } from "./counting-end.ts"
import { address } from "./dialling.ts"
import { flowOf } from "./flows.ts"
import type { World } from "./playbook.ts"
import type { ScriptedEnd } from "./scripted-end.ts"
import { reportOf, Shared, type WatchedDrain } from "./http-worlds.ts"
import { Told, ToldStream } from "./told.ts"
import { destinations, endingOf, Ends, pseudonym, settings } from "./worlds.ts"

export interface ConnectionWorld extends World {
  readonly client: ScriptedEnd
  readonly drain: WatchedDrain
  readonly story: { ended: number; resumed: number; cancelled: boolean; defects: number; dialling: boolean }
}

export interface Accepted {
  readonly direction?: "inbound" | "outbound"
  readonly opaque?: boolean
  readonly full?: boolean
  /** The destination `a` is denied. */
  readonly denies?: boolean
  /** Ends that count stand over the client's and over every target's. */
  readonly counted?: boolean
  /** HTTP that is carried as it is, is not read. */
  readonly unread?: boolean
  /** The listener takes SOCKS. */
  readonly socks?: boolean
  /** HTTP requests are recorded. */
  readonly records?: boolean
  /** What is recognised; absent for all that this proxy speaks. */
  readonly protocols?: ProtocolTable
}

const endOf = (end: Told["ends"][number]): string => {
  if (end === "abandoned") return end
  const { n, target, address, requestIsWhole, responseIsWhole, end: by } = end
  const whole = [...(requestIsWhole ? ["request"] : []), ...(responseIsWhole ? ["response"] : [])]
  return `${n} to ${target} at ${address ?? "-"}, whole: ${whole.join(" and ") || "nothing"}${by === undefined ? "" : `, ended by ${by}`}`
}

const streamEndOf = (end: ToldStream["ends"][number]): string => {
  if (end === "abandoned") return end
  const { n, target, address, bytesIn, bytesOut, refusal, lost, end: by = "nobody", code } = end
  const why = [refusal, lost && `lost: ${lost}`].flatMap((each) => (each === undefined ? [] : [`, ${each}`])).join("")
  const ended = `${by}${code === undefined ? "" : ` (${code})`}`
  return `${n} to ${target} at ${address ?? "-"}, ${bytesIn}/${bytesOut}, ended by ${ended}${why}`
}

export const connection =
  ({
    direction = "outbound",
    opaque = false,
    full = false,
    denies = false,
    counted = false,
    unread = false,
    socks = true,
    records = false,
    protocols,
  }: Accepted = {}) =>
  (): ConnectionWorld => {
    const all = new Ends()
    const shared = new Shared()
    const { effects } = all
    const recorded = (told: Told): void => {
      for (const end of told.ends) effects.add(`records ${endOf(end)}`)
      for (const line of told.lines) effects.add(`records ${line}`)
    }
    const streamed = (told: ToldStream): void => {
      for (const end of told.ends) effects.add(`records a stream ${streamEndOf(end)}`)
      const { client, target } = told.text
      effects.add(
        ["records >", client, "<", target]
          .filter((each) => each !== "")
          .join(" ")
          .replaceAll("\r\n", "|"),
      )
    }
    if (records) {
      const begin = () => new Told(Infinity, recorded)
      shared.recorders.current = { begin, beginStream: () => new ToldStream(streamed) }
    }
    const client = all.add("client")
    const counting = new Map<string, CountingEnd>()
    const over = (end: ScriptedEnd): End => {
      if (!counted) return end
      const counter = new CountingEnd(end)
      counting.set(end.name, counter)
      return counter
    }
    const story = { ended: 0, resumed: 0, cancelled: false, defects: 0, dialling: false }
    let dialling: DialOwner | undefined
    const undial = (): DialOwner => {
      const asking = dialling!
      dialling = undefined
      story.dialling = false
      return asking
    }
    const dial = (target: Target, asking: DialOwner): Pick<Dial, "start" | "cancel"> => ({
      start: () => {
        dialling = asking
        story.dialling = true
        effects.add(`dials ${formatTarget(target)}`)
      },
      cancel: () => {
        if (dialling === undefined) return
        undial()
        effects.add("the dial is given up")
      },
    })
    const around: ListenerContext = {
      direction,
      settings: () => ({ ...shared.settings, followHttp: !unread }),
      accepts: () => accepted,
      // A connection starts a dial and cancels it, no more.
      dialer: { dial: (target, asking) => dial(target, asking) as Dial, reclaim() {} },
      destination: destinations(denies ? [{ _tag: "Name", name: "a" }] : [])[direction],
      splicer: new Splicer(undefined),
      nameOf: (host, port) => formatTarget({ host, port }),
      exchanges: shared.context(direction),
      recorders: shared.recorders,
      observer: {
        accepted() {},
        ended() {},
        overloaded() {},
        answered: (_, answered) => effects.add(`reports ${reportOf(answered)}`),
        followed: (_, followed) => effects.add(`reports ${reportOf(followed)}, as it passed`),
        unfollowed: (_, why) => effects.add(`reads no more: ${why}`),
        dialled() {},
        detected() {},
        defect: (_, cause) => {
          story.defects++
          effects.add(`a defect: ${String(cause)}`)
        },
      },
    }
    let accepted: AcceptedProtocols = {
      opaque,
      allowed: { http: true, socks, insteadOfTls: "write http://" },
      verbatim: direction === "inbound",
      handshakeTimeout: settings.handshakeTimeout,
      limits: { ...settings, pseudonym },
      ...(protocols && { protocols }),
    }
    const flow = flowOf({ direction })
    const machine = new Connection(over(client), flow, around, full, {
      ended: () => {
        story.ended++
        const refused = flow.refusal === undefined ? "" : `, refused: ${flow.refusal.reason}`
        const told = flow.logged === "everything" ? ", all told" : ""
        effects.add(`over, ended by ${endingOf(flow)} in ${flow.phase}${refused}${told}`)
      },
    })
    machine.begin(() => void story.resumed++)
    const deeds = {
      ...shared.deeds,
      connected: () => {
        const end = asSocket(over(all.next("target")))
        undial().connected({ end, address: address("192.0.2.1"), port: 443 }, performance.now())
      },
      "the dial fails": (reason: string) => undial().failed(refusal(reason as Reason, "as the script says"), undefined),
      "only SOCKS is taken": () => {
        accepted = { ...accepted, allowed: { ...accepted.allowed, http: false } }
      },
      "what was counted?": () => {
        for (const [name, { countedIn, countedOut }] of counting) {
          effects.add(`${name}: ${countedIn} in, ${countedOut} out`)
        }
      },
      cancel: () => {
        story.cancelled ||= story.ended === 0
        machine.cancel("drain")
      },
    }
    const giveUp = (): void => {
      deeds.cancel()
      shared.giveUp()
      all.terminate()
    }
    return { effects, ends: all.ends, client, drain: shared.drain, story, deeds, giveUp }
  }

/** A connection asks no more of a target's socket than what a scripted end has, its name included. */
const asSocket = (end: End): SocketEnd => end as SocketEnd
