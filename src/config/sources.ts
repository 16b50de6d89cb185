/**
 * Sources: flags, environment, annotations and configuration file, made into one valid Settings with the origin of
 * each value. Precedence is flag > environment > annotation > file > command > default.
 *
 * Pure: whoever calls it has read the files. Only the value that holds is judged: a wrong one that a stronger source
 * overrides does no harm.
 */
import * as Result from "effect/Result"
import { parseAnnotations } from "./annotations.ts"
import { doubts, findConflict } from "./checks.ts"
import { type ConfigError, quote, valueError } from "./error.ts"
import { fileTexts } from "./file.ts"
import { type Environment, find, type Flags, isServiceLink, type Sources, type Texts } from "./find.ts"
import { type Kind, notUtf8, type Problem, type Shown } from "./kind.ts"
import { annotationDomain, environmentNames, type Limits } from "./option.ts"
import { allOptions, maxConnections, optionKeys, options } from "./options.ts"
import type { Settings } from "./settings.ts"
import { didYouMean } from "../flow/suggest.ts"
import { annotationsWithoutEffect, isDocumented, withoutEffect } from "./without-effect.ts"

export interface Input {
  readonly flags: Flags
  readonly env: Environment
  /** Whether a program runs beside the proxy, so that the environment is the program's too. */
  readonly besideProgram?: boolean | undefined
  /** The annotations file, if there is one. */
  readonly annotations?: { readonly path: string; readonly text: string } | undefined
  /** The configuration file, already parsed from YAML; the path `-` is standard input. */
  readonly file?: { readonly path: string; readonly value: unknown } | undefined
  /** What the command sets where nothing else does. */
  readonly command?: Texts | undefined
  readonly limits: Limits
}

/** One option's value, and where it came from: `flag --proxy-type`, `environment PROXY_TYPE`, `default`, ... */
export interface Origin {
  readonly option: string
  readonly value: Shown
  readonly origin: string
}

export interface Loaded {
  readonly settings: Settings
  /** One for each option, in the order of the option table. */
  readonly origins: ReadonlyArray<Origin>
  /** One line each. */
  readonly warnings: ReadonlyArray<string>
}

type Warn = (warning: string) => void
type OriginTexts = { -readonly [K in keyof Settings]?: string }

/** Everything, or the first thing that is wrong. */
export const read = (input: Input): Result.Result<Loaded, ConfigError> =>
  Result.gen(function* () {
    const warnings: Array<string> = []
    const warn: Warn = (warning) => warnings.push(warning)
    const sources: Sources = {
      flags: input.flags,
      env: input.env,
      besideProgram: input.besideProgram,
      annotations: yield* annotationTexts(input.annotations, warn),
      file: input.file && { path: input.file.path, values: yield* fileTexts(input.file.path, input.file.value) },
      command: input.command,
    }
    warnOfUnknownNames(input.env, warn)
    const idle = withoutEffect(sources.annotations?.values, input.env)
    if (idle !== undefined) warn(idle)
    const { settings, origins } = yield* collect(sources, input, warn)
    const describe = (key: keyof Settings) => describeValue(key, settings, origins)
    const conflict = findConflict(settings, input.limits, describe)
    if (conflict !== undefined) return yield* Result.fail(conflict)
    for (const doubt of doubts(settings, describe)) warn(doubt)
    return { settings, origins: listOrigins(settings, origins), warnings }
  })

const annotationTexts = (file: Input["annotations"], warn: Warn): Result.Result<Texts | undefined, ConfigError> => {
  if (file === undefined) return Result.succeed(undefined)
  const parsed = parseAnnotations(file.text)
  if (Result.isFailure(parsed)) {
    const { line, column, problem } = parsed.failure
    return Result.fail(valueError(`annotations file ${file.path} line ${line} column ${column}: ${problem}`))
  }
  const { values, warnings } = parsed.success
  for (const warning of warnings) warn(`annotations file ${file.path}: ${warning}`)
  for (const key of values.keys()) warnOfUnknown(key, file.path, warn)
  return Result.succeed({ path: file.path, values })
}

const warnOfUnknown = (key: string, path: string, warn: Warn): void => {
  if (!key.startsWith(annotationDomain)) return
  const name = key.slice(annotationDomain.length)
  const known = allOptions.flatMap(({ annotation }) => annotation ?? [])
  if (known.includes(name) || isDocumented(name)) return
  const documented = [...known, ...annotationsWithoutEffect.map((each) => each.name)]
  const hint = didYouMean(name, documented, (suggestion) => annotationDomain + suggestion)
  warn(`annotation ${quote(key)} in ${path} is not known${hint}`)
}

/** Names that begin with PILLION_ are ours alone: one that no option has is a slip of the pen. */
const warnOfUnknownNames = (env: Environment, warn: Warn): void => {
  const known = allOptions.flatMap(environmentNames)
  for (const [name, value = ""] of Object.entries(env)) {
    if (!name.startsWith("PILLION_") || known.includes(name) || isServiceVariable(name, value)) continue
    warn(`environment ${name} is not known${didYouMean(name, known)}`)
  }
}

/**
 * What Kubernetes sets in every container for a Service that is named `pillion`, or `pillion-` and more
 * (enableServiceLinks): _SERVICE_HOST, _SERVICE_PORT, _PORT and, for each port, _PORT_80_TCP and its parts.
 */
const isServiceVariable = (name: string, value: string): boolean =>
  isServiceLink(value) ||
  /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_[0-9]+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)$/.test(name)

/** The value that holds of every option. */
const collect = (sources: Sources, input: Input, warn: Warn) =>
  Result.gen(function* () {
    const values: { -readonly [K in keyof Settings]?: Settings[K] } = {}
    const origins: OriginTexts = {}
    const take = <K extends keyof Settings>(key: K): Result.Result<void, ConfigError> => {
      const option = options[key]
      const found = find(option, sources, warn)
      const decoded =
        found === undefined ? Result.succeed(option.initial(input.limits)) : decodeText(option.kind, found.text)
      if (Result.isFailure(decoded)) {
        return Result.fail(
          valueError(`${option.name} ${quote(found?.text ?? "")} (${found?.origin ?? "default"}) ${decoded.failure}`),
        )
      }
      values[key] = decoded.success
      origins[key] = found?.origin ?? "default"
      return Result.void
    }
    for (const key of optionKeys) yield* take(key)
    // `take` has set every key of the table, and the table has every key of Settings.
    const settings = values as Settings
    return lowerConnections(
      { ...settings, annotationsFile: settings.annotationsFile ?? input.annotations?.path },
      origins,
      input,
      warn,
    )
  })

const decodeText = <A>(kind: Kind<A>, given: string): Result.Result<A, Problem> =>
  given.includes(notUtf8) ? Result.fail("holds bytes that are not UTF-8") : kind.decode(given)

/** More connections than there are files for would end in an accept loop that fails without sleeping. */
const lowerConnections = (settings: Settings, origins: OriginTexts, input: Input, warn: Warn) => {
  const most = maxConnections(input.limits)
  if (settings.maxConnections <= most) return { settings, origins }
  const asked = describeValue("maxConnections", settings, origins)
  warn(
    `${asked} is lowered to ${most}: the limit of open files is ${input.limits.openFiles}, and a connection needs two`,
  )
  const origin = `${origins.maxConnections}, lowered from ${settings.maxConnections}`
  return { settings: { ...settings, maxConnections: most }, origins: { ...origins, maxConnections: origin } }
}

const shownValue = <K extends keyof Settings>(key: K, settings: Settings): Shown =>
  options[key].kind.show(settings[key])

const describeValue = (key: keyof Settings, settings: Settings, origins: OriginTexts): string => {
  const shown = shownValue(key, settings)
  return `${options[key].name} ${typeof shown === "number" ? shown : quote(String(shown))} (${origins[key]})`
}

const listOrigins = (settings: Settings, origins: OriginTexts): ReadonlyArray<Origin> =>
  optionKeys.map((key) => ({
    option: options[key].name,
    value: shownValue(key, settings),
    origin: origins[key] ?? "default",
  }))
