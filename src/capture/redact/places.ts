/**
 * Places: where in a message a rule holds, as `request.json.$.patient.name`, `response.headers.x-user`,
 * `response.json.$..email`, `request.form.*`. A place within JSON or XML is a path; all others are one name.
 */

export const sides = ["request", "response"] as const
export type Side = (typeof sides)[number]

/** The parts of a message that have names or paths. */
const namedParts = ["headers", "trailers", "cookies", "query", "form", "multipart"] as const
export const pathParts = ["json", "xml"] as const
export type Part = (typeof namedParts)[number] | (typeof pathParts)[number]

/** Names of members, and indices of elements. */
export type Path = ReadonlyArray<string | number>

/** `anyStep` is one name or index; `deepSteps` is any number of them. */
type Step = string | number | typeof anyStep | typeof deepSteps
const anyStep = Symbol("*")
const deepSteps = Symbol("..")

export interface Place {
  readonly side: Side
  readonly part: Part
  readonly steps: ReadonlyArray<Step>
}

const partsInWords = [...namedParts, ...pathParts].join(", ")

/** In case of headers and cookies nobody minds their case. */
const isCaseless = (part: Part): boolean => part === "headers" || part === "trailers"

/** Reads a place; what is wrong with it follows its text. */
export const parsePlace = (text: string): { readonly place: Place } | { readonly problem: string } => {
  const [, side, part, rest = ""] = /^([a-z]+)\.([a-z]+)\.(.+)$/s.exec(text) ?? []
  const isSide = sides.find((each) => each === side)
  if (isSide === undefined) return { problem: "must begin with request. or response., a part, and a name or a path" }
  const named = namedParts.find((each) => each === part)
  if (named !== undefined) {
    const name = isCaseless(named) ? rest.toLowerCase() : rest
    return { place: { side: isSide, part: named, steps: [rest === "*" ? anyStep : name] } }
  }
  const structured = pathParts.find((each) => each === part)
  if (structured === undefined)
    return { problem: `names the part ${JSON.stringify(part)}: write one of ${partsInWords}` }
  const steps = parsePath(rest)
  return typeof steps === "string" ? { problem: steps } : { place: { side: isSide, part: structured, steps } }
}

const step = /\.\.\[?|\.|\[/y
const name = /\*|[^.[\]*'"\s]+/y
const inBrackets = /(?:\*|[0-9]{1,9}|'[^']*'|"[^"]*")\]/y

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** The steps of a path that begins with `$`, of RFC 9535 these: names, `*`, indices, `..`; or what is wrong. */
const parsePath = (text: string): ReadonlyArray<Step> | string => {
  if (!text.startsWith("$")) return "must have a path that begins with $ there"
  const steps: Array<Step> = []
  let at = 1
  while (at < text.length) {
    const mark = matchAt(step, text, at)
    const from = at + (mark?.length ?? 0)
    const written = mark === undefined ? undefined : matchAt(mark.endsWith("[") ? inBrackets : name, text, from)
    if (mark === undefined || written === undefined)
      return `is not understood from ${JSON.stringify(text.slice(at))} on`
    if (mark.startsWith("..")) steps.push(deepSteps)
    steps.push(stepOf(written, mark.endsWith("[")))
    at = from + written.length
  }
  return steps
}

const stepOf = (written: string, bracketed: boolean): Step => {
  const text = bracketed ? written.slice(0, -1) : written
  if (text === "*") return anyStep
  if (!bracketed) return text
  return /^[0-9]/.test(text) ? Number(text) : text.slice(1, -1)
}

/** Whether a path is the place's own; not whether it lies below. */
export const isAtPlace = ({ part, steps }: Place, path: Path): boolean => {
  const [first] = path
  return isCaseless(part) && typeof first === "string" ? fits(steps, [first.toLowerCase()]) : fits(steps, path)
}

/** As a glob is matched: of all that `..` may stand for only the last one is tried again. */
const fits = (steps: ReadonlyArray<Step>, path: Path): boolean => {
  let at = 0
  let i = 0
  let retryStep = -1
  let retryAt = 0
  while (at < path.length) {
    const wanted = steps[i]
    if (wanted === deepSteps) {
      retryStep = ++i
      retryAt = at
    } else if (i < steps.length && (wanted === anyStep || wanted === path[at])) {
      i++
      at++
    } else if (retryStep >= 0) {
      i = retryStep
      at = ++retryAt
    } else return false
  }
  return i === steps.length
}

const plainName = /^[A-Za-z_][A-Za-z0-9_-]*$/
/** A longer path is cut: it is there to be read. */
const maxPathText = 200

/** A path as it is written in a list of what was replaced. */
export const pathText = (path: Path): string => {
  let text = "$"
  for (const each of path) {
    if (text.length > maxPathText) return `${text.slice(0, maxPathText)}…`
    if (typeof each === "number") text += `[${each}]`
    else text += plainName.test(each) ? `.${each}` : `[${JSON.stringify(each)}]`
  }
  return text.length > maxPathText ? `${text.slice(0, maxPathText)}…` : text
}
