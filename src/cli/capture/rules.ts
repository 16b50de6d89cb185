/**
 * Rules: the text of a rules file as the object that a policy takes, or what is wrong with it: the line, the key, and what
 * to write instead.
 */
import * as Result from "effect/Result"

import { problemsOfRules } from "../../capture/policy/check-rules.ts"
import { parseYaml } from "../command-line/yaml.ts"

/** Fails with the end of a sentence that begins with the name of the file. */
export const readRules = (text: string): Result.Result<unknown, string> =>
  Result.flatMap(parseYaml(text), (value) => {
    const problems = problemsOfRules(value)
    const [first] = problems
    if (first === undefined) return Result.succeed(value)
    const more = problems.length === 1 ? "" : ` (and ${problems.length - 1} more)`
    return Result.fail(`line ${lineOf(text, value, first)}: ${first}${more}`)
  })

/** The line that a problem is about: the key that it begins with, and of a list the item. */
const lineOf = (text: string, value: unknown, problem: string): number => {
  const unknownKey = /^(.*) is no rule: /s.exec(problem)?.[1]
  const [, key = "", index, name] =
    unknownKey === undefined ? (/^(\w+)(?:\[(\d+)\]|\.(.*?) )?/s.exec(problem) ?? []) : [problem, unknownKey]
  const at = keyAt(text, key, 0)
  if (name !== undefined) return lineAt(text, keyAt(text, name, at))
  return lineAt(text, index === undefined ? at : itemAt(text, at, itemsOf(value, key), Number(index)))
}

const lineAt = (text: string, at: number): number => text.slice(0, at).split("\n").length

/** Where a key stands, plain or quoted, behind `from`; `from` where it is not found. */
const keyAt = (text: string, key: string, from: number): number => {
  for (let at = text.indexOf(key, from); at >= 0; at = text.indexOf(key, at + 1)) {
    const isBegun = at === 0 || /[\s{,"']/.test(text[at - 1]!)
    const isComment = /(^|\s)#/.test(text.slice(text.lastIndexOf("\n", at) + 1, at))
    if (isBegun && !isComment && /^["']?\s*:/.test(text.slice(at + key.length, at + key.length + 64))) return at
  }
  return from
}

const itemsOf = (value: unknown, key: string): ReadonlyArray<unknown> => {
  const found: unknown =
    typeof value === "object" && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined
  return Array.isArray(found) ? found : []
}

/** Where an item of a list stands: each is looked for behind the one before. One that is written otherwise than it reads is passed over. */
const itemAt = (text: string, from: number, items: ReadonlyArray<unknown>, index: number): number => {
  let at = from
  let end = from
  for (const item of items.slice(0, index + 1)) {
    const word = typeof item === "string" ? item : String(item)
    const found = text.indexOf(word, end)
    if (found < 0) continue
    at = found
    end = found + word.length
  }
  return at
}
