/**
 * Find: which source an option's value comes from. Precedence is flag > environment > annotation > file > command.
 */
import * as Result from "effect/Result"
import { quote } from "./error.ts"
import { fileOrigin } from "./file.ts"
import type { Kind } from "./kind.ts"
import { annotationDomain, environmentNames, type Option } from "./option.ts"

export type Flags = ReadonlyArray<readonly [name: string, value: string | true]>
export type Environment = Readonly<Record<string, string | undefined>>

/** Names and texts that came from one file. */
export interface Texts {
  readonly path: string
  readonly values: ReadonlyMap<string, string>
}

export interface Sources {
  readonly flags: Flags
  readonly env: Environment
  /** Whether a program runs beside the proxy, so that the environment is the program's too. */
  readonly besideProgram?: boolean | undefined
  readonly annotations: Texts | undefined
  readonly file: Texts | undefined
  /** What the command sets where nothing else does; its path is the command's name. */
  readonly command?: Texts | undefined
}

/** A text without spaces at its ends, and where it came from, in words. */
export interface FoundText {
  readonly text: string
  readonly origin: string
}

/** An option as far as finding its value needs it. */
type Named = Pick<Option<unknown>, "name" | "environment" | "shared" | "annotation"> & {
  readonly kind: Pick<Kind<unknown>, "shape" | "decode">
}

/** The value that holds, or undefined where the default does. `warn` hears of doubts about it. */
export const find = (option: Named, sources: Sources, warn: (warning: string) => void): FoundText | undefined => {
  const found =
    fromFlags(option, sources.flags) ??
    fromEnvironment(option, sources, warn) ??
    fromAnnotations(option, sources.annotations) ??
    fromFile(option, sources.file) ??
    fromCommand(option, sources.command)
  return found === undefined ? undefined : { ...found, text: found.text.trim() }
}

/** Finds an option among the flags: of several the last holds; those of a list add up. */
const fromFlags = (option: Named, flags: Flags): FoundText | undefined => {
  const texts = flags.filter(([name]) => name === option.name).map(([, value]) => (value === true ? "true" : value))
  const last = texts.at(-1)
  if (last === undefined) return undefined
  return { text: option.kind.shape === "list" ? texts.join(",") : last, origin: `flag --${option.name}` }
}

/**
 * Finds an option in the environment: where its two names disagree, the PILLION_ one holds. An empty variable counts as
 * not set, as elsewhere on Unix.
 */
const fromEnvironment = (option: Named, sources: Sources, warn: (warning: string) => void): FoundText | undefined => {
  const set: Array<{ readonly name: string; readonly text: string }> = []
  for (const name of environmentNames(option)) {
    const text = textOf(option, name, sources)
    if (text === "") continue
    const problem = isServiceLink(text) ? "is a link to a Kubernetes Service" : foreignProblem(option, name, text)
    if (problem === undefined) set.push({ name, text })
    else warn(`environment ${name} is ignored: ${quote(text)} ${problem}`)
  }
  const [first, second] = set
  if (first === undefined) return undefined
  if (second !== undefined && second.text !== first.text) {
    warn(
      `environment ${first.name} is ${quote(first.text)} and ${second.name} is ${quote(second.text)}: ${first.name} holds`,
    )
  }
  return { text: first.text, origin: `environment ${first.name}` }
}

/** Without spaces at its ends, and in this option's own words; empty where it is not set or not read. */
const textOf = ({ environment, shared }: Named, name: string, { env, besideProgram }: Sources): string => {
  const text = env[name]?.trim() ?? ""
  if (name !== environment || shared === undefined) return text
  if (besideProgram === true && !shared.besideProgram) return ""
  return shared.near?.get(text.toLowerCase()) ?? text
}

/** What is wrong with a value that may be meant for the workload. */
const foreignProblem = ({ environment, shared, kind }: Named, name: string, text: string): string | undefined => {
  if (name !== environment || shared === undefined) return undefined
  const decoded = kind.decode(text)
  return Result.isFailure(decoded) ? decoded.failure : undefined
}

/**
 * Kubernetes gives every container REVERSE_PROXY_PORT=tcp://10.0.0.1:80 where a Service is named `reverse-proxy`
 * (enableServiceLinks). No option takes such a value, and nobody chose it.
 */
export const isServiceLink = (text: string): boolean => /^(tcp|udp|sctp):\/\/[0-9a-f.:[\]]+:[0-9]+$/i.test(text)

/** An empty annotation counts as not set: templates write one where a chart's value is empty. */
const fromAnnotations = (option: Named, annotations: Texts | undefined): FoundText | undefined => {
  if (annotations === undefined || option.annotation === undefined) return undefined
  const key = annotationDomain + option.annotation
  const text = annotations.values.get(key)?.trim() ?? ""
  return text === "" ? undefined : { text, origin: `annotation ${key} in ${annotations.path}` }
}

const fromFile = (option: Named, file: Texts | undefined): FoundText | undefined => {
  const text = file?.values.get(option.name)
  return file === undefined || text === undefined ? undefined : { text, origin: fileOrigin(file.path) }
}

const fromCommand = (option: Named, command: Texts | undefined): FoundText | undefined => {
  const text = command?.values.get(option.name)
  return command === undefined || text === undefined ? undefined : { text, origin: `command ${command.path}` }
}
