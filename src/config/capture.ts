/**
 * Capture: the values of options that say where records go, and how many.
 */
import * as Result from "effect/Result"
import type { Kind } from "./kind.ts"

/** Words that people write who want a switch, and what they may mean. */
const switches: ReadonlySet<string> = new Set(["on", "true", "false", "yes", "no", "none"])

/** `off` and `memory` in any case; anything else is the path of a directory, such as `./off`. */
export const captureMode: Kind<string> = {
  placeholder: "off|memory|DIR",
  shape: "one",
  decode: (text) => {
    const word = text.toLowerCase()
    if (word === "off" || word === "memory") return Result.succeed(word)
    if (word === "" || switches.has(word)) return Result.fail("is no place: write off, memory or a directory")
    return Result.succeed(text)
  },
  show: (value) => value,
}

/** `10%`, `0.5%`: a number from 0 to 100. A bare number is refused, for 0.1 is a tenth to some and a thousandth to others. */
export const percentage: Kind<number> = {
  placeholder: "PERCENT",
  shape: "one",
  decode: (text) => {
    const digits = /^([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%$/.exec(text)?.[1]
    const value = digits === undefined ? Number.NaN : Number(digits)
    return value >= 0 && value <= 100 ? Result.succeed(value) : Result.fail("is no share: write 0% to 100%, as 0.5%")
  },
  show: (value) => `${value}%`,
}
