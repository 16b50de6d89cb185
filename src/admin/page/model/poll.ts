/**
 * Poll: asks the admin listener once a second what there is to see. One question at a time, none while nobody looks.
 */
import { readSamples, type Samples, sum } from "./prometheus.ts"
import type { Told } from "./rows.ts"

/** Milliseconds between two answers. */
const every = 1000
/** Milliseconds after which an answer is given up; a proxy that is this slow is in trouble, and that must show. */
const answerTimeout = 5000

export interface Reading {
  /** Name, version and state. */
  readonly about: Told
  readonly samples: Samples
  /** Points of the history since the last reading, the oldest first. */
  readonly points: ReadonlyArray<Told>
  /** Numbers by destination, with the routes of the one that is shown. */
  readonly destinations: ReadonlyArray<Told>
  /** How many connections are open; `open` lists the oldest of them. */
  readonly total: number
  readonly open: ReadonlyArray<Told>
  /** Entries that ended since the last reading; the first has the number `first`. */
  readonly first: number
  readonly ended: ReadonlyArray<Told>
}

/** Calls `read` with every reading, and `failed` whenever there was none. `shown` is a destination by name. Never stops. */
export const poll = async (
  read: (reading: Reading) => void,
  failed: (why: string) => void,
  shown: () => string,
): Promise<never> => {
  let after: After = beginning
  let startedAt = 0
  while (true) {
    await visible()
    try {
      let [reading, seen] = await ask(after, shown())
      // Another process counts from 1 again, and has nothing to report after a number that it has not reached.
      const started = sum(reading.samples, "process_start_time_seconds")
      if (startedAt !== started && after !== beginning) [reading, seen] = await ask(beginning, shown())
      startedAt = started
      after = seen
      read(reading)
    } catch (cause) {
      // The points that are here are not asked for again: the history is one without a gap where the proxy stayed.
      after = { ...after, ended: 0 }
      failed(cause instanceof Error ? cause.message : String(cause))
    }
    await new Promise((resolve) => setTimeout(resolve, every))
  }
}

/** The numbers of the last entry and of the last point that were read. */
interface After {
  readonly ended: number
  readonly points: number
}

const beginning: After = { ended: 0, points: 0 }

/** The settings in force, with the origin of each. */
export const askSettings = async (): Promise<ReadonlyArray<Told>> => list(await (await get("/config")).json())

/** Asks for the drain; fails with what the proxy says against it. */
export const postDrain = async (): Promise<void> => {
  await get("/drain", "POST")
}

const ask = async (after: After, shown: string): Promise<readonly [Reading, After]> => {
  const [about, connections, history, destinations, metrics] = await Promise.all([
    get("/").then((answer) => answer.json()),
    get(`/connections?after=${after.ended}`).then((answer) => answer.json()),
    get(`/history?after=${after.points}`).then((answer) => answer.json()),
    get(`/destinations?routes=${encodeURIComponent(shown)}`).then((answer) => answer.json()),
    get("/metrics").then((answer) => answer.text()),
  ])
  const told = object(connections)
  const ended = list(told["ended"])
  const first = Number(told["first"] ?? 1)
  const points = list(object(history)["points"])
  const firstPoint = Number(object(history)["first"] ?? 1)
  const reading: Reading = {
    about: object(about),
    samples: readSamples(metrics),
    points,
    destinations: list(object(destinations)["destinations"]),
    total: Number(told["total"] ?? 0),
    open: list(told["connections"]),
    first,
    ended,
  }
  return [reading, { ended: first + ended.length - 1, points: firstPoint + points.length - 1 }]
}

const get = async (path: string, method = "GET"): Promise<Response> => {
  const answer = await fetch(path, {
    method,
    headers: { Accept: "application/json, text/plain" },
    cache: "no-store",
    signal: AbortSignal.timeout(answerTimeout),
  })
  if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${await answer.text()}`)
  return answer
}

const visible = (): Promise<void> =>
  new Promise((resolve) => {
    if (!document.hidden) return resolve()
    document.addEventListener("visibilitychange", () => resolve(), { once: true })
  })

const object = (value: unknown): Told => (typeof value === "object" && value !== null ? (value as Told) : {})
const list = (value: unknown): ReadonlyArray<Told> => (Array.isArray(value) ? value.map(object) : [])
