/**
 * Error: why the program does not start, in one line for a person. Values are quoted so that a message stays one
 * line whatever a value holds, and never shows credentials.
 */
import * as Data from "effect/Data"

import { exitCode } from "./exit-codes.ts"

export class ConfigError extends Data.TaggedError("ConfigError")<{
  /** One line without the leading `pillion: `: which option, where its value came from, what to write instead. */
  readonly message: string
  readonly exitCode: number
}> {}

/** The command line could not be understood. */
export const usageError = (message: string): ConfigError => new ConfigError({ message, exitCode: exitCode("usage") })

/** A value or a combination is wrong. */
export const valueError = (message: string): ConfigError => new ConfigError({ message, exitCode: exitCode("badValue") })

/** Enough of a value to recognise it; a message is one line of a terminal or two. */
const quotedLength = 80

/** The value in double quotes, on one line, shortened when it is long, without the userinfo of a URL. */
export const quote = (text: string): string => {
  const harmless = text.replace(/\/\/[^/]*@/g, "//***@")
  return JSON.stringify(harmless.length > quotedLength ? `${harmless.slice(0, quotedLength)}...` : harmless)
}

/** `a`, `a or b`, `a, b or c`. */
export const oneOf = (choices: ReadonlyArray<string>): string =>
  choices.length < 2 ? choices.join("") : `${choices.slice(0, -1).join(", ")} or ${choices[choices.length - 1]}`
