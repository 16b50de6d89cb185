/**
 * Watchers: who looks into the proxy while it is at work: scrapes of its metrics, lists of its connections, its page,
 * and readers of its tap, one that reads all and one that reads nothing.
 */
import { parseMetrics } from "../support/metrics.ts"
import type { Pillion } from "../support/pillion.ts"
import { within } from "../support/within.ts"
import type { Report } from "./ground.ts"
import { attempt } from "./tally.ts"

/** Milliseconds between two looks at each place. */
const lookEvery = 500
/** A reader of the tap that reads nothing stays so long, and is followed by the next. */
const stalledMilliseconds = 5000

const get = async (port: number, path: string, headers: Record<string, string> = {}): Promise<string> => {
  const answer = await within(
    fetch(`http://127.0.0.1:${port}${path}`, { headers, proxy: "" }),
    `answer of ${path}`,
    10_000,
  )
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`)
  return text
}

interface Listed {
  readonly total: number
  readonly connections: ReadonlyArray<object>
  readonly first: number
  readonly ended: ReadonlyArray<object>
}

/** Asks as the page does: for what ended since it asked last. */
const lists = (port: number): (() => Promise<void>) => {
  let after = 0
  return async () => {
    const listed = JSON.parse(await get(port, `/connections?after=${after}`)) as Listed
    if (listed.first < after) throw new Error(`after ${after} comes ${listed.first}: it was told before`)
    if (listed.total < listed.connections.length) throw new Error("more connections are listed than there are")
    after = Math.max(after, listed.first + listed.ended.length - 1)
  }
}

const page = async (port: number): Promise<void> => {
  const text = await get(port, "/", { Accept: "text/html" })
  if (!text.startsWith("<!doctype html>") || !text.trimEnd().endsWith("</html>")) throw new Error("not the whole page")
}

/** Does something again and again until the signal; at least once. */
const repeatedly = async (stop: AbortSignal, run: () => Promise<void>): Promise<void> => {
  do {
    await run()
    await Bun.sleep(lookEvery)
  } while (!stop.aborted)
}

/** Reads the tap to the signal; every line of it is one JSON object, and under load there are some. */
const readTap = async (port: number, stop: AbortSignal): Promise<void> => {
  const answer = await fetch(`http://127.0.0.1:${port}/tap`, { signal: stop, proxy: "" })
  if (answer.status !== 200 || answer.body === null) throw new Error(`answered with ${answer.status}`)
  const decoder = new TextDecoder()
  let rest = ""
  let lines = 0
  try {
    for await (const chunk of answer.body) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n")
      rest = parts.pop() ?? ""
      for (const line of parts) {
        if (line === "") continue
        JSON.parse(line)
        lines++
      }
    }
  } catch (cause) {
    if (!stop.aborted) throw cause
  }
  if (!stop.aborted) throw new Error("the tap ended by itself")
  if (lines === 0) throw new Error("no line came through the tap")
}

/** Asks for the tap and reads nothing of it. */
const stallTap = async (port: number, stop: AbortSignal): Promise<void> => {
  const patience = AbortSignal.any([stop, AbortSignal.timeout(stalledMilliseconds)])
  const answer = await fetch(`http://127.0.0.1:${port}/tap`, { signal: patience, proxy: "" })
  if (answer.status !== 200) throw new Error(`answered with ${answer.status}`)
  const { promise, resolve } = Promise.withResolvers<void>()
  if (patience.aborted) resolve()
  patience.addEventListener("abort", () => resolve(), { once: true })
  await promise
}

/** Watches until the signal. */
export const watch = async ({ ports }: Pillion, report: Report, stop: AbortSignal): Promise<void> => {
  const list = lists(ports.admin)
  const looks: Readonly<Record<string, () => Promise<unknown>>> = {
    "metrics, of health": async () => parseMetrics(await get(ports.health, "/metrics")),
    "metrics, of admin": async () => parseMetrics(await get(ports.admin, "/metrics")),
    "list of connections": list,
    "settings in force": async () => JSON.parse(await get(ports.admin, "/config")),
    "status page": () => page(ports.admin),
  }
  await Promise.all([
    ...Object.entries(looks).map(([name, look]) =>
      repeatedly(stop, () => attempt(report, name, async () => void (await look()))),
    ),
    attempt(report, "tap, read all along", () => readTap(ports.admin, stop)),
    repeatedly(stop, () => attempt(report, "tap, never read", () => stallTap(ports.admin, stop))),
  ])
}
