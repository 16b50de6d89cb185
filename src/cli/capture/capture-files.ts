/**
 * Capture files: the rules of redaction and the key that options name, read at the start and again at SIGHUP. What is
 * wrong with one is told with its option and its origin, of rules with the line and the key.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import * as Result from "effect/Result"

import { errorCode } from "../../flow/error-code.ts"
import type { PolicyData } from "../../capture/policy/policy.ts"
import { type ConfigError, quote, valueError } from "../../config/error.ts"
import type { Settings } from "../../config/settings.ts"
import type { Loaded } from "../../config/sources.ts"

import { readRules } from "./rules.ts"

/** Bytes of a key: fewer can be guessed, and more are no key. */
export const minKey = 16
export const maxKey = 4096

/** Bytes of a rules file. */
export const maxRulesFile = 1024 * 1024

export interface CaptureFiles {
  readonly redaction: PolicyData["redaction"]
  /** Undefined where no file is named. */
  readonly key: Uint8Array | undefined
}

/** Everything, or the first thing that is wrong. Reads nothing that is not named. */
export const readCaptureFiles = ({ settings, origins }: Loaded): Result.Result<CaptureFiles, ConfigError> =>
  Result.gen(function* () {
    const describe = (key: keyof Settings & ("captureRedact" | "captureKey")): string => {
      const name = key === "captureRedact" ? "capture-redact" : "capture-key"
      const origin = origins.find(({ option }) => option === name)?.origin ?? "default"
      return `${name} ${quote(settings[key] ?? "")} (${origin})`
    }
    const redaction = yield* Result.mapError(redactionOf(settings.captureRedact), (problem) =>
      valueError(`${describe("captureRedact")} ${problem}`),
    )
    const key = yield* Result.mapError(keyOf(settings.captureKey), (problem) =>
      valueError(`${describe("captureKey")} ${problem}`),
    )
    return { redaction, key }
  })

const redactionOf = (path: string | undefined): Result.Result<PolicyData["redaction"], string> => {
  if (path === undefined) return Result.succeed({ rules: undefined })
  if (path === "off") return Result.succeed("off")
  return Result.flatMap(readBounded(path, maxRulesFile), (bytes) =>
    Result.map(readRules(new TextDecoder().decode(bytes)), (rules) => ({ rules })),
  )
}

const keyOf = (path: string | undefined): Result.Result<Uint8Array | undefined, string> => {
  if (path === undefined) return Result.succeed(undefined)
  return Result.flatMap(readBounded(path, maxKey), (bytes) =>
    bytes.length < minKey
      ? Result.fail(`has ${bytes.length} bytes: write a file of ${minKey} bytes or more that nobody can guess`)
      : Result.succeed(bytes),
  )
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
  EISDIR: "is a directory, not a file",
  EACCES: "may not be read by this user",
}

/** A whole file that has at most `max` bytes. */
const readBounded = (path: string, max: number): Result.Result<Uint8Array, string> => {
  try {
    const file = openSync(path, "r")
    try {
      if (fstatSync(file).isDirectory()) return Result.fail("is a directory, not a file")
      const bytes = new Uint8Array(max + 1)
      let length = 0
      for (let count = 1; count > 0 && length <= max; length += count)
        count = readSync(file, bytes, length, max + 1 - length, null)
      return length > max ? Result.fail(`is larger than ${max} bytes`) : Result.succeed(bytes.slice(0, length))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const code = errorCode(error)
    return Result.fail(reasons[code] ?? `cannot be read (${code})`)
  }
}
