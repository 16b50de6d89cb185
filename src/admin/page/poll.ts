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
  /** The time of reading the metrics, on the monotonic clock, in milliseconds. */
  readonly at: number
  readonly samples: Samples
  /** How many connections are open; `open` lists the oldest of them. */
  readonly total: number
  readonly open: ReadonlyArray<Told>
  /** Entries that ended since the last reading; the first has the number `first`. */
  readonly first: number
  readonly ended: ReadonlyArray<Told>
}

/** Calls `read` with every reading, and `failed` whenever there was none. Never stops. */
export const poll = async (read: (reading: Reading) => void, failed: (why: string) => void): Promise<never> => {
  let after = 0
  let startedAt = 0
  while (true) {
    await visible()
    try {
      let reading = await ask(after)
      // Another process counts from 1 again, and has nothing to report after a number that it has not reached.
      const started = sum(reading.samples, "process_start_time_seconds")
      if (startedAt !== started && after > 0) reading = await ask(0)
      startedAt = started
      after = reading.first + reading.ended.length - 1
      read(reading)
    } catch (cause) {
      after = 0
      failed(cause instanceof Error ? cause.message : String(cause))
    }
    await new Promise((resolve) => setTimeout(resolve, every))
  }
}

/** The settings in force, with the origin of each. */
export const askSettings = async (): Promise<ReadonlyArray<Told>> => list(await (await get("/config")).json())

/** Asks for the drain; fails with what the proxy says against it. */
export const postDrain = async (): Promise<void> => {
  await get("/drain", "POST")
}

const ask = async (after: number): Promise<Reading> => {
  const [about, connections, metrics] = await Promise.all([
    get("/").then((answer) => answer.json()),
    get(`/connections?after=${after}`).then((answer) => answer.json()),
    get("/metrics").then((answer) => answer.text()),
  ])
  const told = object(connections)
  return {
    about: object(about),
    at: performance.now(),
    samples: readSamples(metrics),
    total: Number(told["total"] ?? 0),
    open: list(told["connections"]),
    first: Number(told["first"] ?? 1),
    ended: list(told["ended"]),
  }
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
