/**
 * Args: the command line, taken apart. Knows commands and flags from their tables and judges no option's value.
 */
import { parseArgs } from "node:util"
import * as Result from "effect/Result"
import { type ConfigError, oneOf, quote, usageError } from "../../config/error.ts"
import { allOptions } from "../../config/options.ts"
import { recordFields } from "../../capture/filter/record-filter.ts"
import { didYouMean } from "../../flow/suggest.ts"
import { filterFields } from "../../observe/filter/entry-filter.ts"
import {
  type CommandFlag,
  type CommandName,
  commandFlags,
  commandNames,
  commands,
  type Dialect,
  dialects,
  isOneOf,
  type Language,
  languages,
  type Shell,
  shells,
  starters,
} from "./commands.ts"

/** The command line, understood. `--help` anywhere is the command `help` with the command as its topic. */
export interface Invocation {
  readonly command: CommandName
  /** For `help`: the command to explain; undefined is the whole program. */
  readonly topic: CommandName | undefined
  /** The language of `env`; undefined is every language. */
  readonly language: Language | undefined
  /** The filter of those that have one; empty for everything. */
  readonly filter: string
  /** Words before the filter, as many as the command table allows. */
  readonly operands: ReadonlyArray<string>
  /** The shell of `completions`. */
  readonly shell: Shell | undefined
  /** The shell whose commands `env` prints. */
  readonly dialect: Dialect | undefined
  /** Options in the order in which they were given; a bare boolean flag is `true`. */
  readonly flags: ReadonlyArray<readonly [name: string, value: string | true]>
  /** The program that `run` or `record` starts and its arguments; undefined where there was no `--`. */
  readonly rest: ReadonlyArray<string> | undefined
  readonly json: boolean
  readonly k8s: boolean
  /** Flags that are no options, with their value if they take one. */
  readonly given: ReadonlyMap<CommandFlag, string | true>
}

/** Everything that the tokens say, before it is known to make sense together. */
interface Collected {
  readonly words: Array<string>
  readonly flags: Array<readonly [name: string, value: string | true]>
  readonly given: Map<CommandFlag, string | true>
  /** `--help` and `--version`. */
  readonly asked: Set<string>
  rest: Array<string> | undefined
}

const optionShapes = new Map(allOptions.map(({ name, kind }) => [name, kind.shape]))
const ownFlags = Object.keys(commandFlags) as ReadonlyArray<CommandFlag>
const takesValue = (name: CommandFlag): boolean =>
  commandFlags[name].values !== undefined || commandFlags[name].placeholder !== undefined
const bareFlags: ReadonlyArray<string> = [...ownFlags.filter((name) => !takesValue(name)), "help", "version"]
const knownFlags: ReadonlyArray<string> = [...optionShapes.keys(), ...ownFlags, "help", "version"]

/** Takes what follows the program's name. Everything that is wrong here ends with exit code 2. */
export const parse = (argv: ReadonlyArray<string>): Result.Result<Invocation, ConfigError> =>
  Result.gen(function* () {
    const collected = yield* collect(argv)
    const { words, flags, given, asked } = collected
    // `pillion --help` explains the program, `pillion run --help` the command.
    const named = words.length > 0
    const command = yield* takeCommand(words)
    const topic = command === "help" ? yield* takeTopic(words) : named ? command : undefined
    const language = command === "env" ? yield* takeWord(command, words, languages) : undefined
    const shell = command === "completions" ? yield* takeWord(command, words, shells) : undefined
    const isAsked = asked.has("help") || command === "help" || asked.has("version")
    const operands = yield* takeOperands(command, collected, isAsked)
    const filter = isFiltered(command) ? yield* takeFilter(command, words) : ""
    if (words.length > 0) return yield* Result.fail(superfluous(command, operands, words))
    const invocation = {
      command,
      topic: undefined,
      language,
      filter,
      operands,
      shell,
      dialect: dialects.find((dialect) => dialect === given.get("shell")),
      flags,
      rest: collected.rest,
      json: given.has("json"),
      k8s: given.has("k8s"),
      given,
    }
    if (asked.has("help") || command === "help") return { ...invocation, command: "help" as const, topic }
    if (asked.has("version")) return { ...invocation, command: "version" as const, flags: [] }
    const misfit = findMisfit(command, collected)
    return misfit === undefined ? invocation : yield* Result.fail(misfit)
  })

type Tokens = ReturnType<typeof tokenize>

const tokenize = (argv: ReadonlyArray<string>) => {
  const types = Object.fromEntries([
    ...bareFlags.map((name) => [name, { type: "boolean" as const }]),
    ...ownFlags.filter(takesValue).map((name) => [name, { type: "string" as const }]),
    ...[...optionShapes].map(([name, shape]) => [name, { type: shape === "switch" ? "boolean" : "string" } as const]),
  ])
  const shorts = { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "V" } } as const
  // Not strict: its messages know neither origins nor suggestions, and end in stack traces.
  return parseArgs({ args: [...argv], options: { ...types, ...shorts }, strict: false, tokens: true }).tokens
}

/** Short flags that are ours; for a command with a filter any other word with one dash is a term of it, negated. */
const shortFlags: ReadonlySet<string> = new Set(["-h", "-V"])

/** The tokens of a command line, of which the words of a filter that begin with a dash are words. */
const tokensOf = (argv: ReadonlyArray<string>): Tokens => {
  const tokens = tokenize(argv)
  const command = tokens.find((token) => token.kind === "positional")
  if (command === undefined || !isFiltered(command.value)) return tokens
  // A group of short flags is a token for each letter: all of one word have its index.
  const isWord = (token: Tokens[number]): boolean =>
    token.kind === "option" &&
    token.index > command.index &&
    !token.rawName.startsWith("--") &&
    !shortFlags.has(argv[token.index] ?? "")
  return tokens.flatMap((token, i): Tokens => {
    if (!isWord(token)) return [token]
    if (tokens[i - 1]?.index === token.index) return []
    return [{ kind: "positional", index: token.index, value: argv[token.index] ?? "" }]
  })
}

const isFiltered = (command: string): boolean =>
  isOneOf(commandNames, command) && commands[command].filter !== undefined

const collect = (argv: ReadonlyArray<string>): Result.Result<Collected, ConfigError> => {
  const collected: Collected = { words: [], flags: [], given: new Map(), asked: new Set(), rest: undefined }
  const tokens = tokensOf(argv)
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!
    if (token.kind === "option-terminator") {
      collected.rest = argv.slice(token.index + 1)
      break
    }
    if (token.kind === "positional") {
      collected.words.push(token.value)
      continue
    }
    const { name, rawName, value } = token
    if (bareFlags.includes(name)) {
      if (value !== undefined) return Result.fail(usageError(`${rawName} takes no value`))
      if (isOneOf(ownFlags, name)) collected.given.set(name, true)
      else collected.asked.add(name)
      continue
    }
    const own = isOneOf(ownFlags, name) ? name : undefined
    const shape = own === undefined ? optionShapes.get(name) : "one"
    if (shape === undefined || !rawName.startsWith("--")) return Result.fail(unknownFlag(rawName))
    if (shape === "switch") {
      const word = value ?? followingBoolean(tokens, i)
      if (value === undefined && word !== undefined) i++
      collected.flags.push([name, word ?? true])
    } else if (value === undefined || (!token.inlineValue && value.startsWith("-") && value !== "-")) {
      // Without this, `--proxy-type --json` would take the next flag for a value.
      return Result.fail(usageError(`${rawName} needs a value; for one that begins with a dash write ${rawName}=VALUE`))
    } else if (own === undefined) collected.flags.push([name, value])
    else {
      const { values } = commandFlags[own]
      if (values?.includes(value) === false)
        return Result.fail(usageError(`${rawName} does not know ${quote(value)}: write ${oneOf(values)}`))
      collected.given.set(own, value)
    }
  }
  return Result.succeed(collected)
}

/** `--proxy-strict false` means what it says: no command is called true or false. */
const followingBoolean = (tokens: Tokens, i: number): string | undefined => {
  const next = tokens[i + 1]
  return next?.kind === "positional" && /^(true|false)$/i.test(next.value) ? next.value : undefined
}

const unknownFlag = (rawName: string): ConfigError => {
  const negated = /^--no-(.*)$/.exec(rawName)?.[1]
  if (negated !== undefined && optionShapes.get(negated) === "switch") {
    return usageError(`unknown flag ${rawName}; write --${negated}=false`)
  }
  const hint = rawName.startsWith("--") ? didYouMean(rawName, knownFlags, (name) => `--${name}`) : ""
  return usageError(`unknown flag ${bare(rawName)}${hint}`)
}

/** On one line and short, as `quote` has it, but to be read as part of a command line. */
const bare = (word: string): string => quote(word).slice(1, -1)

const takeCommand = (words: Array<string>): Result.Result<CommandName, ConfigError> => {
  const word = words.shift() ?? "run"
  if (isOneOf(commandNames, word)) return Result.succeed(word)
  const hint = didYouMean(word, commandNames)
  return Result.fail(
    usageError(
      `unknown command ${quote(word)}${hint === "" ? `; to start a program write: pillion run -- ${bare(word)}` : hint}`,
    ),
  )
}

const takeTopic = (words: Array<string>): Result.Result<CommandName | undefined, ConfigError> =>
  words.length === 0 ? Result.succeed(undefined) : takeCommand(words)

/** The next word, if there is one, which must be one that this command knows. */
const takeWord = <A extends string>(
  command: CommandName,
  words: Array<string>,
  known: ReadonlyArray<A>,
): Result.Result<A | undefined, ConfigError> => {
  const word = words.shift()
  if (word === undefined || isOneOf(known, word)) return Result.succeed(word)
  return Result.fail(
    usageError(`${command} does not know ${quote(word)}: write ${oneOf(known)}${didYouMean(word, known)}`),
  )
}

/** The words that the command table asks for; behind `--` they may begin with a dash. */
const takeOperands = (
  command: CommandName,
  collected: Collected,
  isAsked: boolean,
): Result.Result<ReadonlyArray<string>, ConfigError> => {
  const { operands } = commands[command]
  if (operands === undefined) return Result.succeed([])
  const { words } = collected
  words.push(...(collected.rest ?? []))
  collected.rest = undefined
  const taken = words.splice(0, operands.most)
  if (isAsked) return Result.succeed(taken)
  if (taken.length < operands.least) {
    return Result.fail(usageError(`${command} needs ${operands.what}: see pillion help ${command}`))
  }
  const known = operands.words
  const unknown = known === undefined ? undefined : taken.find((word) => !known.includes(word))
  if (known === undefined || unknown === undefined) return Result.succeed(taken)
  return Result.fail(
    usageError(`${command} does not know ${quote(unknown)}: write ${oneOf(known)}${didYouMean(unknown, known)}`),
  )
}

/** All words that are left, as one filter. A shell writes the home folder where a `~` stands by itself. */
const takeFilter = (
  command: CommandName,
  words: Array<string>,
  home = process.env["HOME"] ?? "",
): Result.Result<string, ConfigError> => {
  const given = words.splice(0)
  const isField = commands[command].filter === "records" ? isRecordField : isEntryField
  const at = given.findIndex((word, i) => home !== "" && word === home && isField(given[i - 1] ?? ""))
  if (at < 0) return Result.succeed(given.join(" "))
  return Result.fail(
    usageError(
      `the filter holds ${quote(home)}, which the shell puts in place of ~; quote the filter: ` +
        `pillion ${command} '${bare(given.with(at, "~").join(" "))}'`,
    ),
  )
}

const isEntryField = (name: string): boolean => filterFields.includes(name)
/** Also a name of its own behind a family's dot. */
const isRecordField = (name: string): boolean => recordFields.includes(name.replace(/\..*$/s, ".NAME"))

const superfluous = (
  command: CommandName,
  operands: ReadonlyArray<string>,
  [word = "", ...more]: ReadonlyArray<string>,
): ConfigError => {
  if (starters.includes(command)) {
    return usageError(
      `${command} does not know ${quote(word)}; to start a program write: pillion ${command} -- ${bare(word)}`,
    )
  }
  if (command === "search") {
    const text = bare([...operands, word, ...more].join(" "))
    return usageError(`search looks for one text; quote it: pillion search '${text}'`)
  }
  return usageError(`${command} does not know ${quote(word)}; see pillion help ${command}`)
}

/** The first flag or word that this command does not take. */
const findMisfit = (command: CommandName, collected: Collected): ConfigError | undefined => {
  const { flags, takesOptions } = commands[command]
  for (const flag of ownFlags) {
    if (collected.given.has(flag) && !flags.includes(flag)) return usageError(`${command} takes no --${flag}`)
  }
  const option = collected.flags[0]
  if (option !== undefined && !takesOptions) return usageError(`${command} takes no --${option[0]}`)
  if (collected.rest === undefined) {
    return command === "record" ? usageError("record needs a program: pillion record -- CMD") : undefined
  }
  if (!starters.includes(command)) return usageError(`${command} starts no program: only run and record take --`)
  return collected.rest.length === 0 ? usageError("after -- the program to start is missing") : undefined
}
