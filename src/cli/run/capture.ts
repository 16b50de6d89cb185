/**
 * Capture: the capture of a proxy by its settings. There is one in every proxy, since somebody may ask to look at any time;
 * as long as nobody does and the settings ask for none, nothing is recorded.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { inflate } from "../../capture/coding/inflate.ts"
import { Capture } from "../../capture/live/capture.ts"
import type { CaptureCounters } from "../../capture/live/counters.ts"
import { makePolicy, type Policy } from "../../capture/policy/policy.ts"
import { printRecordFilter } from "../../capture/filter/record-filter.ts"
import { type ConfigError, quote, valueError } from "../../config/error.ts"
import type { Settings } from "../../config/settings.ts"
import type { CaptureCounts } from "../../observe/metrics/capture-series.ts"
import type { CaptureFiles } from "../capture/capture-files.ts"

/** What of a capture the proxy, its operators and its metrics need, wherever records go. */
export interface RunningCapture extends Pick<
  Capture,
  "recorders" | "keeps" | "keep" | "follow" | "following" | "ids" | "line" | "count" | "bytes" | "dropped" | "leftOut"
> {
  readonly counters: Pick<CaptureCounters, "records" | "truncated" | "redactions">
  /** Bytes in the directory; 0 without one. */
  readonly diskBytes: number
}

export interface CaptureParts {
  /** As they are now: a reload changes them. */
  readonly settings: () => Settings
  readonly files: () => CaptureFiles
}

/** Makes the capture, and has it keep records where the settings say so. Ends with its scope. */
export const makeCapture = (parts: CaptureParts): Effect.Effect<RunningCapture, ConfigError, Scope.Scope> => {
  const { capture: where } = parts.settings()
  if (where !== "off" && where !== "memory") return openDirectory(where)
  return Effect.sync(() => {
    const capture = inMemory(parts)
    capture.keep(where === "memory")
    return Object.assign(capture, { diskBytes: 0 })
  })
}

/** Opens the capture of a directory, which keeps its records there. */
const openDirectory = (path: string): Effect.Effect<RunningCapture, ConfigError, Scope.Scope> =>
  Effect.fail(
    valueError(
      `capture ${quote(path)} is a directory, and this version keeps records in memory only: write capture memory`,
    ),
  )

const inMemory = ({ settings, files }: CaptureParts): Capture => {
  const ownKey = crypto.getRandomValues(new Uint8Array(32))
  return new Capture({
    limits: () => {
      const { captureBody, captureMemory, captureOpaque } = settings()
      return { maxBody: captureBody, maxMemory: captureMemory, keepsFirst: captureOpaque }
    },
    policy: policyOf(settings, files, ownKey),
    inflate,
    sha256: (bytes) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex"),
    random: () => crypto.getRandomValues(new Uint8Array(10)),
    epoch: Date.now,
    now: () => performance.now(),
    turn: () => new Promise((resolve) => void setImmediate(resolve)),
  })
}

/** Made anew only where settings or files are others. */
const policyOf = (settings: () => Settings, files: () => CaptureFiles, ownKey: Uint8Array): (() => Policy) => {
  const salt = crypto.getRandomValues(new Int32Array(1))[0]!
  let from: Settings | undefined
  let read: CaptureFiles | undefined
  let policy: Policy | undefined
  return () => {
    const now = settings()
    if (policy === undefined || now !== from || files() !== read) {
      from = now
      read = files()
      const { redaction, key = ownKey } = read
      const { captureFilter, captureKeep, captureSample } = now
      const filter = printRecordFilter(captureFilter)
      const keep = captureKeep === undefined ? undefined : printRecordFilter(captureKeep)
      policy = makePolicy(
        { filter, keep, sample: captureSample, redaction },
        { digest: digestWith(key), now: () => performance.now(), salt },
      )
    }
    return policy
  }
}

/** HMAC-SHA256 in hexadecimal. */
const digestWith =
  (key: Uint8Array) =>
  (value: string): string =>
    new Bun.CryptoHasher("sha256", key).update(value).digest("hex")

/** What `GET /capture` shows: where records go, whether any are kept, and how many there are and are not. */
export const captureStatus = (where: string, capture: RunningCapture): object => {
  const { keeps, following, count, bytes, diskBytes, dropped, leftOut } = capture
  return {
    capture: where,
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
export const countsOf = ({ counters, dropped, leftOut, bytes, diskBytes }: RunningCapture): CaptureCounts => ({
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
