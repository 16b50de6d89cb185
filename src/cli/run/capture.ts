/**
 * Capture: the capture of a proxy by its settings. There is one in every proxy, since somebody may ask to look at any time;
 * as long as nobody does and the settings ask for none, nothing is recorded.
 */
import { hostname } from "node:os"
import { resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"

import { openDirectory, type OpenedDirectory } from "../../capture/directory/open-directory.ts"
import { mayWantProbes, printRecordFilter } from "../../capture/filter/record-filter.ts"
import { Capture } from "../../capture/live/capture.ts"
import type { PolicyData } from "../../capture/policy/policy.ts"
import { makerScript, makerThreads } from "../../capture/worker/maker-thread.ts"
import type { MakingSettings } from "../../capture/worker/messages.ts"
import { type ConfigError, quote, valueError } from "../../config/error.ts"
import type { Settings } from "../../config/settings.ts"
import type { Origin } from "../../config/sources.ts"
import type { Log } from "../../observe/log/log.ts"
import type { CaptureCounts } from "../../observe/metrics/capture-series.ts"
import { lockFile } from "../../system/lock-file.ts"
import type { CaptureFiles } from "../capture/capture-files.ts"
import { version } from "../command-line/version.ts"

/** Milliseconds that what was heard last may take to become records when the process ends. */
export const endTimeout = 2000

export interface CaptureParts {
  /** As they are now: a reload changes them. */
  readonly settings: () => Settings
  readonly files: () => CaptureFiles
  /** Where the settings came from. */
  readonly origins: ReadonlyArray<Origin>
  readonly log: Log
}

/** A capture, and where its records go: `off`, `memory`, or the absolute path of a directory. */
export type RunningCapture = Capture & { readonly where: string }

/** Makes the capture, and has it keep records where the settings say so. Ends with its scope. */
export const makeCapture: (parts: CaptureParts) => Effect.Effect<RunningCapture, ConfigError, Scope.Scope> =
  Effect.fnUntraced(function* (parts) {
    const { capture: where } = parts.settings()
    const inMemory = where === "off" || where === "memory"
    const directory = inMemory ? undefined : yield* acquireDirectory(where, parts)
    const capture = yield* Effect.acquireRelease(
      Effect.sync(() => captureOf(parts, directory)),
      (capture) => Effect.promise(() => ended(capture)),
    )
    capture.keep(where !== "off")
    return Object.assign(capture, { where: directory === undefined ? where : resolve(directory.path) })
  })

/** The last records are made and written, unless that takes too long. */
const ended = async (capture: Capture): Promise<void> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => void (timer = setTimeout(resolve, endTimeout)))
  await Promise.race([capture.end(), late])
  clearTimeout(timer)
}

const acquireDirectory = (path: string, parts: CaptureParts) =>
  Effect.acquireRelease(Effect.fromResult(directoryOf(path, parts)), ({ release }) => Effect.sync(release))

const directoryOf = (
  path: string,
  { files, origins, log }: CaptureParts,
): Result.Result<OpenedDirectory, ConfigError> => {
  const result = openDirectory({
    path,
    key: files().key,
    uid: process.getuid?.() ?? 0,
    host: hostname(),
    pid: process.pid,
    lock: lockFile,
  })
  if ("problem" in result) {
    const origin = origins.find(({ option }) => option === "capture")?.origin ?? "default"
    return Result.fail(valueError(`capture ${quote(path)} (${origin}) ${result.problem}`))
  }
  const { opened } = result
  if (opened.isShared)
    log.warn("another process records there: this one has a directory below it", { capture: opened.path })
  return Result.succeed(opened)
}

const captureOf = (parts: CaptureParts, directory: OpenedDirectory | undefined): Capture => {
  const { settings, log } = parts
  return new Capture({
    limits: () => {
      const { captureBody, captureMemory, captureFilter, captureOpaque } = settings()
      return {
        maxBody: captureBody,
        maxMemory: captureMemory,
        keepsFirst: captureOpaque,
        wantsProbes: mayWantProbes(captureFilter),
      }
    },
    startMaker: makerThreads({ script: makerScript, settings: makingSettings(parts, directory) }),
    makerDied: (why) =>
      log.error("the thread that makes records has ended; it is started again a minute after its start", {
        error: why,
      }),
    random: () => crypto.getRandomValues(new Uint8Array(10)),
    epoch: Date.now,
    now: () => performance.now(),
    turn: () => new Promise((resolve) => void setImmediate(resolve)),
  })
}

/** Made anew only where settings or files are others. */
const makingSettings = (
  { settings, files }: CaptureParts,
  directory: OpenedDirectory | undefined,
): (() => MakingSettings) => {
  const salt = crypto.getRandomValues(new Int32Array(1))[0]!
  const ownKey = directory?.key ?? crypto.getRandomValues(new Uint8Array(32))
  const started = new Date().toISOString()
  let from: Settings | undefined
  let read: CaptureFiles | undefined
  let made: MakingSettings | undefined
  return () => {
    const now = settings()
    if (made !== undefined && now === from && files() === read) return made
    from = now
    read = files()
    const { redaction, key = ownKey } = read
    const policy = policyOf(now, redaction)
    const origin = { version: version.version, started, settings: shownSettings(now, policy), rules: hashOf(redaction) }
    made = {
      policy,
      key,
      salt,
      maxBody: now.captureBody,
      directory: directory && { path: directory.path, maxBytes: now.captureDisk, origin },
    }
    return made
  }
}

const policyOf = (
  { captureFilter, captureKeep, captureSample }: Settings,
  redaction: PolicyData["redaction"],
): PolicyData => ({
  filter: printRecordFilter(captureFilter),
  keep: captureKeep === undefined ? undefined : printRecordFilter(captureKeep),
  sample: captureSample,
  redaction,
})

/** What capture.json says of them. */
const shownSettings = (
  { captureBody, captureMemory, captureDisk }: Settings,
  { filter, keep, sample }: PolicyData,
): Readonly<Record<string, string>> => ({
  "capture-filter": filter,
  "capture-sample": `${sample}%`,
  ...(keep === undefined ? {} : { "capture-keep": keep }),
  "capture-body": String(captureBody),
  "capture-memory": String(captureMemory),
  "capture-disk": String(captureDisk),
})

/** Undefined where the built-in rules hold alone. */
const hashOf = (redaction: PolicyData["redaction"]): string | undefined => {
  if (redaction === "off") return "off"
  if (redaction.rules === undefined) return undefined
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(redaction.rules)).digest("hex")
}

/** What `GET /capture` shows: where records go, whether any are kept, and how many there are and are not. */
export const captureStatus = (capture: RunningCapture): object => {
  const { where, keeps, following, count, bytes, diskBytes, dropped, leftOut } = capture
  return {
    // Whoever reads it may be in another directory.
    capture: where === "off" || where === "memory" ? where : resolve(where),
    keeps,
    following,
    records: count,
    bytes,
    disk_bytes: diskBytes,
    dropped,
    left_out: leftOut.filter + leftOut.sample,
  }
}

/** What the metrics show of a capture. */
export const countsOf = ({ counters, dropped, leftOut, bytes, diskBytes }: Capture): CaptureCounts => ({
  records: counters.records,
  truncated: counters.truncated,
  redactions: counters.redactions,
  dropped,
  leftOut,
  bytes: { memory: bytes, disk: diskBytes },
})

/** The names of options whose file holds something else than before. */
export const changedFiles = (before: CaptureFiles, after: CaptureFiles): ReadonlyArray<string> => [
  ...(JSON.stringify(before.redaction) === JSON.stringify(after.redaction) ? [] : ["capture-redact"]),
  ...(Buffer.compare(before.key ?? new Uint8Array(), after.key ?? new Uint8Array()) === 0 ? [] : ["capture-key"]),
]
