/**
 * Front matter: the YAML at the head of a case file, between two lines of hyphens. Written as plain `key: value` lines;
 * read by the YAML reader that is given, since the configuration's is no business of this folder.
 */
import { directions } from "../../flow/flow.ts"
import { isFlag, isLike, isObject, isObjectOf, isOneOf, isText, isCount, type Check } from "../check.ts"
import { isId, isInstant } from "../read-record.ts"
import { errorAt, type CaseProblem } from "./blocks.ts"
import { caseVersion, defined, type Case } from "./case.ts"

/** Characters of front matter; a YAML reader takes long over texts made for that. */
export const maxFrontMatter = 64 * 1024

/** The fields of a case that stand in its front matter. */
export type FrontMatter = Omit<Case, "request" | "response" | "firstByte" | "frames">

/** Reads YAML. A problem names the line in the text that was given, where it is known. Never throws. */
export type ReadYaml = (
  text: string,
) => { readonly value: unknown } | { readonly problem: string; readonly line?: number }

const isDuration = isLike(/^\d+(?:\.\d+)?m?s$/, "a time such as 152.4ms")
const isMap: Check = (value, path) => (isObject(value) ? undefined : `${path} must be an object`)

/** The keys in the order in which they are written. */
const checks: Readonly<Record<string, Check>> = {
  pillion: isOneOf(caseVersion),
  id: isId,
  direction: isOneOf(...directions),
  started: isInstant,
  took: isDuration,
  target: isText,
  tls: isFlag,
  cause: isId,
  end: isText,
  phase: isText,
  code: isText,
  refusal: isText,
  error: isText,
  close: isObjectOf({ code: isCount, reason: isText }),
  match: isMap,
  compare: isMap,
}

const required: ReadonlySet<string> = new Set(["pillion", "id", "direction", "started"])

/** The front matter with both lines of hyphens and a line feed. */
export const writeFrontMatter = (made: Case): string => {
  const values: Readonly<Record<string, unknown>> = {
    ...made,
    pillion: caseVersion,
    took: made.took === undefined ? undefined : `${made.took}ms`,
  }
  const lines = Object.keys(checks).flatMap((key) => {
    const value = values[key]
    return value === undefined ? [] : [`${key}: ${scalar(value)}`]
  })
  return ["---", ...lines, "---", ""].join("\n")
}

/** A word that is a string in YAML as it stands. Everything else is written as JSON, which is YAML too. */
const plain =
  /^(?=.*[a-z/])(?!(?:true|false|null|yes|no|on|off|nan|inf|y|n|[\d.]+e\d+|0[xob].*)$)[a-z0-9][a-z0-9._/:-]*(?<!:)$/i

const scalar = (value: unknown): string =>
  typeof value === "string" && plain.test(value)
    ? value
    : JSON.stringify(value).replaceAll(/[\u0085\u2028\u2029\ufeff\x7f]/g, escape)

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

export interface ReadFrontMatter {
  readonly front: FrontMatter | undefined
  /** The line behind it, counted from 0. */
  readonly next: number
  readonly problems: ReadonlyArray<CaseProblem>
}

/** Reads the front matter of a file's lines. */
export const readFrontMatter = (lines: ReadonlyArray<string>, readYaml: ReadYaml): ReadFrontMatter => {
  const failed = (line: number, text: string, next = lines.length): ReadFrontMatter => ({
    front: undefined,
    next,
    problems: [errorAt(line, text)],
  })
  if (lines[0] !== "---") return failed(1, "a case begins with a line of three hyphens")
  const end = lines.indexOf("---", 1)
  if (end < 0) return failed(1, "the front matter is never closed: a line of three hyphens is missing")
  // With an empty line for the hyphens, lines are counted as in the file.
  const text = ["", ...lines.slice(1, end)].join("\n")
  if (text.length > maxFrontMatter)
    return failed(1, `the front matter is longer than ${maxFrontMatter} characters`, end + 1)
  const read = readYaml(text)
  if ("problem" in read) return failed(read.line ?? 1, read.problem, end + 1)
  if (!isObject(read.value)) return failed(2, "the front matter is no list of keys and values", end + 1)
  const problems = problemsOf(read.value, lines.slice(0, end))
  return { front: problems.length === 0 ? frontOf(read.value) : undefined, next: end + 1, problems }
}

const problemsOf = (
  value: Readonly<Record<string, unknown>>,
  lines: ReadonlyArray<string>,
): ReadonlyArray<CaseProblem> => {
  const lineOf = (key: string): number =>
    Math.max(
      lines.findIndex((line) => line.startsWith(`${key}:`) || line.startsWith(`"${key}":`)),
      0,
    ) + 1
  const unknown = Object.keys(value)
    .filter((key) => !Object.hasOwn(checks, key))
    .map((key) => errorAt(lineOf(key), `${JSON.stringify(key)} is no key of a case: ${Object.keys(checks).join(", ")}`))
  const wrong = Object.entries(checks).flatMap(([key, check]) => {
    const field = Object.hasOwn(value, key) ? value[key] : undefined
    if (field === undefined && !required.has(key)) return []
    const problem = check(field, key)
    return problem === undefined ? [] : [errorAt(lineOf(key), problem)]
  })
  return [...unknown, ...wrong]
}

const frontOf = (value: Readonly<Record<string, unknown>>): FrontMatter => {
  const { pillion: _, took, ...rest } = value
  // The table above is the type: every field was looked at.
  return defined({ ...(rest as unknown as FrontMatter), took: typeof took === "string" ? durationOf(took) : undefined })
}

/** Milliseconds of `152.4ms` or `1.5s`. */
const durationOf = (text: string): number =>
  text.endsWith("ms") ? Number(text.slice(0, -2)) : Number(text.slice(0, -1)) * 1000
