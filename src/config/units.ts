/**
 * Units: choices, booleans, numbers, ports, durations and sizes as people write them.
 */
import * as Result from "effect/Result"
import { parsePort } from "../protocol/target.ts"
import { oneOf } from "./error.ts"
import type { Kind } from "./kind.ts"
import { didYouMean } from "../flow/suggest.ts"

/** One of a few words, in any case. `special` explains words that are known but not to be had. */
export const choice = <const A extends string>(
  words: ReadonlyArray<A>,
  special: Readonly<Record<string, string>> = {},
): Kind<A> => ({
  placeholder: words.join("|"),
  shape: "one",
  decode: (text) => {
    const word = text.toLowerCase()
    const found = words.find((candidate) => candidate === word)
    if (found !== undefined) return Result.succeed(found)
    const known = Object.hasOwn(special, word) ? special[word] : undefined
    return Result.fail(known ?? `is not known: write ${oneOf(words)}${didYouMean(text, words)}`)
  },
  show: (value) => value,
})

/** `true` or `false` in any case. Words such as `yes` are refused: every tool reads them differently. */
export const boolean: Kind<boolean> = {
  placeholder: "true|false",
  shape: "switch",
  decode: (text) => {
    const word = text.toLowerCase()
    if (word === "true") return Result.succeed(true)
    if (word === "false") return Result.succeed(false)
    return Result.fail("is neither true nor false: write true or false")
  },
  show: (value) => value,
}

/** A whole number from `least` to `most`. */
export const integer = (least: number, most: number): Kind<number> => ({
  placeholder: "NUMBER",
  shape: "one",
  decode: (text) => {
    const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
    return number >= least && number <= most
      ? Result.succeed(number)
      : Result.fail(`is no whole number from ${least} to ${most}`)
  },
  show: (value) => value,
})

/** A port to connect to. */
export const port: Kind<number> = {
  placeholder: "PORT",
  shape: "one",
  decode: (text) => {
    const number = parsePort(text)
    return number === undefined ? Result.fail("is no port: write a number from 1 to 65535") : Result.succeed(number)
  },
  show: (value) => value,
}

/** A port to listen on; 0 asks for a free one. */
export const listenPort: Kind<number> = {
  ...port,
  decode: (text) => {
    const number = text === "0" ? 0 : parsePort(text)
    return number === undefined
      ? Result.fail("is no port: write a number from 1 to 65535, or 0 for a free one")
      : Result.succeed(number)
  },
}

/** Timers count milliseconds in 31 bits: a longer one would fire at once. 24 days 20 hours. */
export const maxDuration = 2 ** 31 - 1

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** `500ms`, `10s`, `2m`, `1h`; a bare number is seconds. Milliseconds, at least `least` of them. */
export const duration = (least: number): Kind<number> => ({
  placeholder: "DURATION",
  shape: "one",
  decode: (text) => {
    const match = /^([0-9]+)(ms|s|m|h)?$/.exec(text)
    if (match === null) {
      return Result.fail("is no duration: write a whole number and ms, s, m or h, for example 500ms or 10s")
    }
    const unit = (match[2] ?? "s") as keyof typeof durationUnits
    const milliseconds = Number(match[1]) * durationUnits[unit]
    if (milliseconds < least) return Result.fail(`is too short: write ${showDuration(least)} or more`)
    if (milliseconds > maxDuration) return Result.fail("is too long: write 24 days (576h) or less")
    return Result.succeed(milliseconds)
  },
  show: showDuration,
})

/** Shows a duration in the largest unit of which there are at least two, so that 60000 is 60s, as people say it. */
function showDuration(milliseconds: number): string {
  for (const unit of ["h", "m", "s"] as const) {
    const count = milliseconds / durationUnits[unit]
    if (Number.isInteger(count) && (count >= 2 || unit === "s")) return `${count}${unit}`
  }
  return `${milliseconds}ms`
}

const kibibyte = 1024
const mebibyte = 1024 * kibibyte
const gibibyte = 1024 * mebibyte
const sizeUnits = new Map([
  ["", 1],
  ["ki", kibibyte],
  ["kib", kibibyte],
  ["mi", mebibyte],
  ["mib", mebibyte],
  ["gi", gibibyte],
  ["gib", gibibyte],
])

/**
 * `65536`, `64KiB`, `1MiB`, `2GiB` (or `64Ki`, `1Mi` as Kubernetes writes them), in any case. `64k` and `64KB` are refused:
 * they mean 64000 to some and 65536 to others.
 */
export const size = (least: number, most: number): Kind<number> => ({
  placeholder: "SIZE",
  shape: "one",
  decode: (text) => {
    const match = /^([0-9]+)([a-z]*)$/i.exec(text)
    const unit = match === null ? undefined : sizeUnits.get(match[2]!.toLowerCase())
    if (match === null || unit === undefined) {
      return Result.fail("is no size: write bytes, or a whole number and KiB, MiB or GiB, for example 64KiB")
    }
    const bytes = Number(match[1]) * unit
    return bytes >= least && bytes <= most
      ? Result.succeed(bytes)
      : Result.fail(`is out of range: write ${showSize(least)} to ${showSize(most)}`)
  },
  show: showSize,
})

function showSize(bytes: number): string {
  if (bytes > 0 && bytes % gibibyte === 0) return `${bytes / gibibyte}GiB`
  if (bytes > 0 && bytes % mebibyte === 0) return `${bytes / mebibyte}MiB`
  if (bytes > 0 && bytes % kibibyte === 0) return `${bytes / kibibyte}KiB`
  return String(bytes)
}
