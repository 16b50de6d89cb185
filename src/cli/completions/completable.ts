/**
 * Completable: what a shell can complete after `pillion`, from the command table and the option table. Each shell's
 * script is written from this, so a new option or command is completed without another word.
 */
import { allOptions } from "../../config/options.ts"
import { recordFields } from "../../capture/filter/record-filter.ts"
import { filterFields } from "../../observe/filter/entry-filter.ts"

import {
  type CommandFlag,
  type CommandName,
  commandFlags,
  commandNames,
  commands,
  languages,
  shells,
} from "../command-line/commands.ts"

export interface CompletableFlag {
  /** Without its dashes. */
  readonly name: string
  readonly short?: string
  readonly summary: string
  /** `none`; `free`: text that no shell can know; `file`: a path; else the words to choose from. */
  readonly value: "none" | "free" | "file" | ReadonlyArray<string>
  /** A switch: its value may be left out, and else stands after `=`. */
  readonly optional: boolean
  /** May be given more than once. */
  readonly repeatable: boolean
}

export interface CompletableCommand {
  readonly name: CommandName
  readonly summary: string
  readonly flags: ReadonlyArray<CompletableFlag>
  /** Words that may follow it, and whether more than one of them may. */
  readonly words: ReadonlyArray<string>
  readonly manyWords: boolean
  /** Its words are paths. */
  readonly paths: boolean
}

const bare = (
  name: string,
  summary: string,
  more: Partial<Pick<CompletableFlag, "short" | "value">> = {},
): CompletableFlag => ({ name, summary, value: "none", optional: false, repeatable: false, ...more })

const optionFlags: ReadonlyArray<CompletableFlag> = allOptions.map(({ name, summary, kind }) => ({
  name,
  summary,
  value: kind.placeholder === "FILE" ? "file" : kind.placeholder.includes("|") ? kind.placeholder.split("|") : "free",
  optional: kind.shape === "switch",
  repeatable: kind.shape === "list",
}))

const helpFlag = bare("help", "explain the command", { short: "h" })

/** The command that is meant where none is named, except for the flag that prints the version. */
export const defaultCommand: CommandName = "run"
export const versionFlag = bare("version", "print the version", { short: "V" })

/** A filter's value may stand behind a space, which shells put after what they complete. */
const filterWords = {
  entries: filterFields.map((field) => `${field}:`),
  // Of a family the name is the person's to write.
  records: recordFields.map((field) => (field.endsWith(".NAME") ? field.slice(0, -"NAME".length) : `${field}:`)),
}

const wordsOf: Partial<Record<CommandName, ReadonlyArray<string>>> = {
  env: languages,
  completions: shells,
  help: commandNames,
}

const valueOf = (flag: CommandFlag): CompletableFlag["value"] => {
  const { values, placeholder } = commandFlags[flag]
  return values ?? (placeholder === undefined ? "none" : placeholder.includes("DIR") ? "file" : "free")
}

export const completableCommands: ReadonlyArray<CompletableCommand> = commandNames.map((name) => {
  const { summary, flags, takesOptions, filter, operands } = commands[name]
  const own = flags.map((flag) => bare(flag, commandFlags[flag].summary, { value: valueOf(flag) }))
  return {
    name,
    summary,
    flags: [...own, ...(takesOptions ? optionFlags : []), helpFlag],
    words: wordsOf[name] ?? [...(operands?.words ?? []), ...(filter === undefined ? [] : filterWords[filter])],
    manyWords: filter !== undefined || operands !== undefined,
    paths: operands?.paths === true,
  }
})

/** Every flag of any command, once. */
export const completableFlags: ReadonlyArray<CompletableFlag> = [
  ...new Map(completableCommands.flatMap(({ flags }) => flags).map((flag) => [flag.name, flag])).values(),
]

/** A word for a shell: in single quotes, where only the quote itself means anything. */
export const quoted = (text: string, escapedQuote: string): string => `'${text.replaceAll("'", escapedQuote)}'`
