/**
 * Explored: what can happen to a relay, an exchange and a connection, and what must always be so of each.
 */
import { nextDue } from "../../src/net/common/deadline.ts"
import { uncertainBytes } from "../../src/net/common/delivery.ts"
import type { RequestRecord } from "../../src/flow/request-record.ts"
import { exchange, type ExchangeWorld, type WatchedDrain } from "./http-worlds.ts"
import { type Accepted, connection, type ConnectionWorld } from "./connection-world.ts"
import { type Explored, finishAll, peerMoves } from "./explorer.ts"
import { act, bytesOf, pass } from "./playbook.ts"
import type { ScriptedEnd } from "./scripted-end.ts"
import { relay, type RelayWorld } from "./worlds.ts"

const time = (): ReadonlyArray<string> => (nextDue() === undefined ? [] : ["its time is up"])

/** Where an exploration begins: what was played before, and what each side goes on to send. */
export interface Begin {
  readonly before: ReadonlyArray<string>
  readonly client: ReadonlyArray<string>
  readonly target: ReadonlyArray<string>
}

/**
 * What `from` was to get to `to`, and did: what it took is the beginning of what was sent. Where it got our FIN it has all
 * of it, and so did the sender finish.
 */
const carried = (from: ScriptedEnd, given: string, to: ScriptedEnd): ReadonlyArray<string> => {
  const wrongs: Array<string> = []
  if (!given.startsWith(to.taken)) wrongs.push(`${to.name} got what ${from.name} did not send`)
  if (!to.finished) return wrongs
  if (to.taken !== given) wrongs.push(`${to.name} got FIN, and not all that ${from.name} had sent`)
  if (!from.peerFinished) wrongs.push(`${to.name} got FIN, and ${from.name} had not finished`)
  return wrongs
}

/** Nobody but the peers had a part in its end: then who finished was delivered. */
const delivered = (from: ScriptedEnd, given: string, to: ScriptedEnd): ReadonlyArray<string> =>
  from.peerFinished && !to.peerReset && !to.refuses && to.taken !== given
    ? [`${from.name} had finished, and ${to.name} did not get all`]
    : []

/** Who sends to an end that is behind is paused: else the proxy would have to hold all that it sends. */
const unheld = (from: ScriptedEnd, to: ScriptedEnd): string | undefined =>
  from.open && to.open && to.blocked && !to.broken && !from.paused
    ? `${to.name} is behind, and ${from.name} is not paused`
    : undefined

/** What is carried, it has heard, and its end once; but what was thrown away. */
const heard = ({ client, target, wiretap }: RelayWorld): ReadonlyArray<string> => {
  if (wiretap === undefined) return []
  const wrongs: Array<string> = []
  const { heard } = wiretap
  if (!client.given.startsWith(heard.client)) wrongs.push("the wiretap heard what the client did not send")
  if (!target.given.startsWith(heard.target)) wrongs.push("the wiretap heard what the target did not send")
  if (!heard.client.startsWith(target.taken)) wrongs.push("the target got what the wiretap did not hear")
  if (!heard.target.startsWith(client.taken)) wrongs.push("the client got what the wiretap did not hear")
  if (wiretap.ends !== 1) wrongs.push(`the wiretap is told of the end ${wiretap.ends} times`)
  return wrongs
}

/** `wiretap`: somebody listens, where the client speaks first. */
export const exploredRelay = ({ before, client, target }: Begin, wiretap = false): Explored<RelayWorld> => ({
  make: relay(wiretap ? { wiretap: "silently" } : {}),
  before,
  moves: (world, said) => {
    if (world.over.count > 0 || world.over.cancelled) return []
    return [...peerMoves(world.client, client, said), ...peerMoves(world.target, target, said), ...time(), "cancel"]
  },
  always: ({ client, target }) => unheld(client, target) ?? unheld(target, client),
  finish: finishAll,
  wrongs: (world) => {
    const { client, target, over, effects } = world
    const wrongs = [...carried(client, client.given, target), ...carried(target, target.given, client), ...heard(world)]
    if (over.count !== (over.cancelled ? 0 : 1)) wrongs.push(`its end is told ${over.count} times`)
    const byTime = effects.lines.some((line) => line === "relayed, ended by timeout")
    if (over.cancelled || byTime) return wrongs
    return [...wrongs, ...delivered(client, client.given, target), ...delivered(target, target.given, client)]
  },
})

const originsOf = ({ ends }: Pick<ExchangeWorld, "ends">): ReadonlyArray<ScriptedEnd> =>
  [...ends.values()].filter(({ name }) => name !== "client")

/** Whole answers are `<answer>`; their reports must not be more than the client's kernel took. */
const answerMark = /<answer>/g

/** Whether the client was reset before it had the large answer behind which it asked for nothing more. */
const isLost = ({ peerReset, sent, given }: ScriptedEnd, reported: ReadonlyArray<RequestRecord>): boolean =>
  peerReset &&
  reported.some(({ endedBy, bytesOut }) => endedBy === undefined && bytesOut >= uncertainBytes && sent < bytesOut) &&
  given.split(bytesOf("||")).length <= 2

/** An origin that is reset within an answer that ends with the connection. */
const isCut = ({ given, peerReset, peerFinished }: ScriptedEnd): boolean =>
  given.startsWith(bytesOf("HTTP/1.1 200 OK||")) && peerReset && !peerFinished

/** The shared origins wait for a drain as long as their listener is there; nobody else does when everything is over. */
const waiting = ({ active, waiting }: WatchedDrain): ReadonlyArray<string> =>
  !active && waiting.size > 1 ? ["somebody still waits for the drain"] : []

/** An origin is paused for a client that is behind, and for nothing else. */
const unread = ({ client, needs, ends }: ExchangeWorld): string | undefined => {
  if (!client.open || client.blocked || client.broken || needs.over > 0 || needs.cancelled) return undefined
  const paused = originsOf({ ends }).find((origin) => origin.open && origin.paused)
  return paused && `${paused.name} is paused, and the client is not behind`
}

export const exploredExchange = ({ before, client, target }: Begin): Explored<ExchangeWorld> => ({
  make: exchange({ closes: true }),
  before,
  moves: (world, said) => {
    const { needs } = world
    if (needs.over > 0 || needs.cancelled) return []
    const owner = [...time(), "cancel", ...(world.drain.active ? [] : ["the drain begins"])]
    if (needs.origin) owner.push("supply", "decline name-not-found")
    return [
      ...peerMoves(world.client, client, said),
      ...originsOf(world).flatMap((origin) => peerMoves(origin, target, said)),
      ...owner,
    ]
  },
  always: unread,
  finish: (world) => {
    finishAll(world, () => {
      if (world.needs.origin) act(world, "decline name-not-found")
    })
    if (world.needs.cancelled) world.client.terminate()
    // Connections at rest may wait for other clients.
    pass(20_000)
    finishAll(world)
  },
  wrongs: ({ client, drain, ends, needs, reports }) => {
    const wrongs: Array<string> = []
    if (reports.wrong !== undefined) wrongs.push(reports.wrong)
    if (reports.under !== 0) wrongs.push("a request is not reported")
    if (needs.over !== (needs.cancelled ? 0 : 1)) wrongs.push(`its end is told ${needs.over} times`)
    const whole = reports.reported.filter(({ endedBy, status }) => endedBy === undefined && status === 200).length
    const taken = client.taken.match(answerMark)?.length ?? 0
    if (whole > 0 && originsOf({ ends }).some(isCut)) wrongs.push("an answer that a reset cut short is reported whole")
    wrongs.push(...waiting(drain))
    if (isLost(client, reports.reported)) wrongs.push("a large answer is reported whole, and did not get there")
    if (whole > taken) wrongs.push(`${whole} answers are reported whole, and the client got ${taken}`)
    return wrongs
  },
})

/** The first tunnel of a client that asks for one by CONNECT. */
export const exploredConnection = (
  { before, client, target }: Begin,
  accepted?: Accepted,
): Explored<ConnectionWorld> => ({
  make: connection(accepted),
  before,
  moves: (world, said) => {
    const { story } = world
    if (story.ended > 0) return []
    const owner = [...time(), "cancel", ...(world.drain.active ? [] : ["the drain begins"])]
    if (story.dialling) owner.push("connected", "the dial fails name-not-found")
    return [
      ...peerMoves(world.client, client, said),
      ...originsOf(world).flatMap((origin) => peerMoves(origin, target, said)),
      ...owner,
    ]
  },
  finish: (world) => {
    finishAll(world, () => {
      if (world.story.dialling) act(world, "the dial fails name-not-found")
    })
    pass(20_000)
    finishAll(world)
  },
  wrongs: ({ client, drain, story, ends }) => {
    const wrongs = [...waiting(drain)]
    if (story.ended !== 1) wrongs.push(`its end is told ${story.ended} times`)
    if (story.resumed !== (story.cancelled ? 0 : 1)) wrongs.push(`its fiber is resumed ${story.resumed} times`)
    if (story.defects > 0) wrongs.push("a defect")
    const tunnel = ends.get("target")
    if (tunnel !== undefined && client.given.startsWith("CONNECT ")) {
      wrongs.push(...carried(client, client.given.slice(client.given.indexOf(bytesOf("||")) + 4), tunnel))
    }
    return wrongs
  },
})
