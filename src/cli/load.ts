/**
 * Load: reads the files that the settings come from, at start and again at SIGHUP, and hands them to the pure
 * `read`. Synchronous: nothing else goes on at start, and the files are small.
 */
import { readFileSync } from "node:fs"
import * as Result from "effect/Result"
import { errorCode } from "../flow/error-code.ts"
import { type ConfigError, quote, valueError } from "../config/error.ts"
import { fileOrigin, fileTexts } from "../config/file.ts"
import { type Environment, find, type Flags, type FoundText, type Sources, type Texts } from "../config/find.ts"
import { notUtf8 } from "../config/kind.ts"
import { defaultAnnotationsFile, type Limits } from "../config/option.ts"
import { options } from "../config/options.ts"
import { type Input, type Loaded, read } from "../config/sources.ts"
import { interfaceAddresses } from "../system/local-addresses.ts"

import { parseYaml } from "./command-line/yaml.ts"

/** The questions that the machine is asked; tests answer them in its place. */
export interface LoadParts {
  readonly env: Environment
  /** Read where no annotations file is named; may be absent. */
  readonly annotationsFile: string
  /** Whether a program runs beside the proxy, so that the environment is the program's too. */
  readonly besideProgram?: boolean
  /** What the command sets where nothing else does. */
  readonly command?: Texts | undefined
}

/** This machine, and whether a program runs beside the proxy. */
export const surroundings = (besideProgram: boolean, command?: Texts): LoadParts => ({
  env: process.env,
  annotationsFile: defaultAnnotationsFile,
  besideProgram,
  command,
})

/** Everything, or the first thing that is wrong, named with its origin. Never throws for what files hold. */
export const load = (
  flags: Flags,
  { env, annotationsFile, besideProgram, command }: LoadParts = surroundings(false),
): Result.Result<Loaded, ConfigError> =>
  Result.gen(function* () {
    // Doubts about these two options are reported by `read`, which looks at them again.
    const given: Sources = { flags, env, besideProgram, annotations: undefined, file: undefined }
    const file = yield* loadConfig(find(options.config, given, ignore))
    const values = file === undefined ? undefined : { path: file.path, values: yield* fileTexts(file.path, file.value) }
    const named = find(options.annotationsFile, { ...given, file: values }, ignore)
    const annotations = yield* loadAnnotations(named, annotationsFile)
    return yield* read({ flags, env, besideProgram, file, annotations, command, limits: limits() })
  })

const ignore = (): void => {}

const loadConfig = (found: FoundText | undefined): Result.Result<Input["file"], ConfigError> => {
  if (found === undefined || found.text === "") return Result.succeed(undefined)
  const path = found.text
  const content = path === "-" ? readStandardInput() : readText(path)
  if (typeof content !== "string") return Result.fail(unreadable("config", found, content))
  return Result.mapBoth(parseYaml(content), {
    onFailure: (problem) => valueError(`${fileOrigin(path)} ${problem}`),
    onSuccess: (value) => ({ path, value }),
  })
}

const loadAnnotations = (
  found: FoundText | undefined,
  defaultPath: string,
): Result.Result<Input["annotations"], ConfigError> => {
  const path = found?.text ?? defaultPath
  // `read` refuses an empty path, and says where it came from.
  if (path === "") return Result.succeed(undefined)
  const text = readText(path)
  if (typeof text === "string") return Result.succeed({ path, text })
  if (found === undefined && (text.code === "ENOENT" || text.code === "ENOTDIR")) return Result.succeed(undefined)
  return Result.fail(unreadable("annotations-file", found ?? { text: path, origin: "default" }, text))
}

interface ReadFailure {
  readonly code: string
}

const readText = (path: string | 0): string | ReadFailure => {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    return { code: errorCode(error) }
  }
}

let standardInput: string | undefined

/** Standard input can be read once only; a reload finds the same text again. */
const readStandardInput = (): string | ReadFailure => {
  if (standardInput !== undefined) return standardInput
  const text = readText(0)
  if (typeof text === "string") standardInput = text
  return text
}

const unreadable = (option: string, { text, origin }: FoundText, { code }: ReadFailure): ConfigError => {
  if (text.includes(notUtf8)) return valueError(`${option} ${quote(text)} (${origin}) holds bytes that are not UTF-8`)
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "does not exist",
    ENOTDIR: "does not exist",
    EISDIR: "is a directory, not a file",
    EACCES: "may not be read by this user",
  }
  return valueError(`${option} ${JSON.stringify(text)} (${origin}) ${reasons[code] ?? `cannot be read (${code})`}`)
}

/** Open files where /proc does not say: what most systems allow at least. */
const usualOpenFiles = 1024
/** Linux knows no more than this by default (fs.nr_open), whatever a limit says. */
const maxOpenFiles = 1_048_576

const limits = (): Limits => ({
  openFiles: openFilesLimit(readText("/proc/self/limits")),
  ownAddresses: interfaceAddresses(),
})

/** RLIMIT_NOFILE from /proc/self/limits. The soft one: Bun raises it to the hard one when it starts. */
export const openFilesLimit = (text: string | ReadFailure): number => {
  const soft = typeof text === "string" ? /^Max open files +(\S+)/m.exec(text)?.[1] : undefined
  if (soft === "unlimited") return maxOpenFiles
  const limit = Number(soft)
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, maxOpenFiles) : usualOpenFiles
}
