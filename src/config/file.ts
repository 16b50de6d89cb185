/**
 * File: the configuration file, already parsed from YAML, as texts by option name. Its keys are the option names at
 * top level; a key without a value counts as not written.
 */
import * as Result from "effect/Result"
import { type ConfigError, quote, valueError } from "./error.ts"
import { allOptions, type AnyOption } from "./options.ts"
import { didYouMean } from "../flow/suggest.ts"

/** How messages name a configuration file. */
export const fileOrigin = (path: string): string => (path === "-" ? "standard input" : `file ${path}`)

/** Every key must be known, and every value must be a scalar, or a list of scalars where the option takes a list. */
export const fileTexts = (path: string, value: unknown): Result.Result<ReadonlyMap<string, string>, ConfigError> => {
  const texts = new Map<string, string>()
  if (value === null || value === undefined) return Result.succeed(texts)
  if (typeof value !== "object" || Array.isArray(value)) {
    return Result.fail(
      valueError(`${fileOrigin(path)} must hold option names and values, for example proxy-type: dual`),
    )
  }
  for (const [key, entry] of Object.entries(value)) {
    const option = allOptions.find(({ name }) => name === key)
    if (option === undefined) return Result.fail(unknownKey(path, key))
    if (option.name === "config") {
      return Result.fail(valueError(`config (${fileOrigin(path)}) cannot stand in the configuration file itself`))
    }
    if (entry === null) continue
    const text = textOf(option, entry)
    if (text === undefined) {
      const wanted = option.kind.shape === "list" ? "one value or a list of values" : "one value, in quotes if need be"
      return Result.fail(valueError(`${key} (${fileOrigin(path)}) is not written as it should be: write ${wanted}`))
    }
    texts.set(key, text)
  }
  return Result.succeed(texts)
}

const unknownKey = (path: string, key: string): ConfigError => {
  const hint = didYouMean(
    key,
    allOptions.map(({ name }) => name),
  )
  return valueError(`${fileOrigin(path)} holds ${quote(key)}, which is no option${hint}`)
}

const textOf = (option: AnyOption, value: unknown): string | undefined => {
  if (!Array.isArray(value)) return scalar(value)
  if (option.kind.shape !== "list") return undefined
  const items = value.map(scalar)
  return items.includes(undefined) ? undefined : items.join(",")
}

const scalar = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined
