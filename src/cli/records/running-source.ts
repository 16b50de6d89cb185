/**
 * Running source: the records of the proxy that runs on this machine: those that it keeps in memory and, where it captures
 * to a directory that can be read from here, those in it.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { maxListed } from "../../admin/captures/captures.ts"
import { isObject } from "../../capture/check.ts"
import type { Settings } from "../../config/settings.ts"
import { follow, get, whyRefused } from "../running/admin-client.ts"
import { ownTokenPlaces, readToken, type TokenPlaces } from "../running/admin-token.ts"
import type { NoAnswer } from "../running/ask.ts"
import { runningPort } from "../running/ports.ts"
import { directoryLines } from "./file-source.ts"
import { type LineSource, Unreadable } from "./source.ts"

/** Ids of a directory's last records that are remembered: those that memory has as well are among them. */
const maxRemembered = 2 * maxListed

/** Milliseconds in which a proxy sends what it keeps: it looks through all of that beside its traffic. */
export const listTimeout = 60_000

/** Finds the running proxy, and fails where there is none, or it shows this user nothing. `within` is in milliseconds. */
export const runningSource = (
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
  places: TokenPlaces = ownTokenPlaces(environment),
  within = listTimeout,
): Effect.Effect<LineSource, Unreadable> => {
  const port = runningPort(settings, "admin")
  if (Result.isFailure(port)) return Effect.fail(new Unreadable({ message: port.failure }))
  const token = readToken(port.success, places)
  return get(port.success, "/capture", token).pipe(
    Effect.mapError((error) => unreadable(error, port.success)),
    Effect.map((text) => lineSource({ port: port.success, token, within }, stateOf(text))),
  )
}

const unreadable = (error: NoAnswer, port: number): Unreadable => new Unreadable({ message: whyRefused(error, port) })

/** What of `GET /capture` matters here. */
interface CaptureState {
  readonly isOn: boolean
  /** The absolute path of the directory that is captured to. */
  readonly directory: string | undefined
}

const stateOf = (text: string): CaptureState => {
  const state = parsed(text)
  const capture = isObject(state) ? state["capture"] : undefined
  const isPath = typeof capture === "string" && capture.startsWith("/")
  return { isOn: isObject(state) && state["keeps"] === true, directory: isPath ? capture : undefined }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How the proxy is asked. */
interface Asked {
  readonly port: number
  readonly token: string | undefined
  readonly within: number
}

const nameOf = (port: number): string => `the proxy with admin-port ${port}`

const lineSource = (asked: Asked, { isOn, directory }: CaptureState): LineSource => {
  const notes: Array<string> = []
  return {
    name: nameOf(asked.port),
    notes: () => notes,
    lines: async function* (filter) {
      const kept = await keptLines(asked, filter)
      const seen = directory === undefined ? new Set<string>() : yield* storedLines(directory, notes)
      for (const line of kept) if (!seen.has(idOf(line))) yield line
      if (kept.length === 0 && seen.size === 0 && !isOn)
        notes.push("the running proxy captures nothing: pillion capture on changes that")
      if (kept.length === maxListed) notes.push(`of what is in memory the proxy shows the newest ${maxListed} only`)
    },
  }
}

/** What is in memory first: whatever is written to the directory meanwhile is in both, and nothing is in neither. */
const keptLines = async ({ port, token, within }: Asked, filter: string): Promise<ReadonlyArray<string>> => {
  const lines: Array<string> = []
  const path = `/captures?filter=${encodeURIComponent(filter)}`
  const following = follow(port, path, (line) => void lines.push(line), token).pipe(
    Effect.mapError((error) => unreadable(error, port)),
    Effect.timeoutOrElse({
      duration: within,
      orElse: () =>
        Effect.fail(new Unreadable({ message: `${nameOf(port)} did not send its records within ${within} ms` })),
    }),
  )
  await Effect.runPromise(following)
  return lines
}

/** The lines of the directory; returns the ids of the last of them. */
const storedLines = async function* (path: string, notes: Array<string>): AsyncGenerator<string, Set<string>> {
  const ids = new Set<string>()
  try {
    for await (const line of directoryLines(path, notes)) {
      ids.add(idOf(line))
      if (ids.size > maxRemembered) ids.delete(ids.values().next().value ?? "")
      yield line
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    notes.push(`${error.message} from here: this is what the proxy keeps in memory`)
  }
  return ids
}

/** The id is one of a record's first fields; empty where there is none. */
const idOf = (line: string): string => /"id":"([0-9a-f-]{36})"/.exec(line.slice(0, 200))?.[1] ?? ""
