/**
 * YAML: the configuration file's text as a value, or the line that is wrong. Bun 1.4.5 does not say where a text is
 * malformed, and of two equal keys takes the last; both are found out here.
 */
import * as Result from "effect/Result"

import { quote } from "../../config/error.ts"

/** Fails with the end of a sentence that begins with the name of the file. Never throws. */
export const parseYaml = (text: string): Result.Result<unknown, string> => {
  const parsed = tryYaml(text)
  if (Result.isFailure(parsed)) {
    const problem = parsed.failure.replace(/^YAML Parse error: /, "")
    return Result.fail(`line ${malformedLine(text)} is not YAML: ${problem}`)
  }
  const twice = keyThatStandsTwice(text, keysOf(parsed.success))
  return twice === undefined ? parsed : Result.fail(twice)
}

const tryYaml = (text: string): Result.Result<unknown, string> => {
  try {
    return Result.succeed(Bun.YAML.parse(text))
  } catch (error) {
    return Result.fail(error instanceof Error ? error.message : String(error))
  }
}

/** A longer file gets no exact line: finding it parses the file once per line. */
const linesSearched = 1000

/**
 * The line after the longest beginning that is YAML: Bun 1.4.5 does not say where a text is malformed. For a bracket
 * or quote that is never closed this is the line where it opens, which is the one to look at.
 */
const malformedLine = (text: string): number => {
  const lines = text.split("\n")
  for (let count = Math.min(lines.length - 1, linesSearched); count > 0; count--) {
    if (Result.isSuccess(tryYaml(lines.slice(0, count).join("\n")))) return count + 1
  }
  return 1
}

const keysOf = (value: unknown): ReadonlyArray<string> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : []

/**
 * What is wrong where a key stands twice at top level, however it is written: plain, quoted, or in braces. A place where
 * the key's text stands is a key if the text parses to one more key when that place alone is given another name.
 */
const keyThatStandsTwice = (text: string, keys: ReadonlyArray<string>): string | undefined => {
  for (const key of keys) {
    const lines: Array<number> = []
    for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + key.length)) {
      if (!isKeyAt(text, key, at)) continue
      lines.push(text.slice(0, at).split("\n").length)
      if (lines.length === 2)
        return `line ${lines[1]} holds ${quote(key)} again, which stands on line ${lines[0]} already`
    }
  }
  return undefined
}

/** No option's name, nor any that a person would write. */
const otherName = "pillion-another-name"

const isKeyAt = (text: string, key: string, at: number): boolean => {
  // Most places are in comments and in other words; parsing settles the rest.
  if (key === "" || !/^["']?\s*:/.test(text.slice(at + key.length))) return false
  const renamed = tryYaml(`${text.slice(0, at)}${otherName}${text.slice(at + key.length)}`)
  return Result.isSuccess(renamed) && keysOf(renamed.success).includes(otherName)
}
