/**
 * Help: what `--help` prints, and the options table of the documentation. Plain text of at most 100 columns without
 * colours; everything in it comes from the option table and the command table.
 */
import { exitCodes } from "../../config/exit-codes.ts"
import { annotationDomain, environmentNames, type Group } from "../../config/option.ts"
import { defaultText, optionKeys, options } from "../../config/options.ts"
import type { Settings } from "../../config/settings.ts"
import { type CommandName, commandFlags, commandNames, commands } from "../command-line/commands.ts"
import { markdownCode as code, markdownTable } from "./markdown.ts"

const width = 100
const helpFlag = ["--help, -h", "explain the command, or without one the program"] as const

/** The program's help, or one command's; ends with a newline. */
export const help = (topic: CommandName | undefined): string =>
  `${(topic === undefined || topic === "help" ? programHelp() : commandHelp(topic)).join("\n")}\n`

const programHelp = (): ReadonlyArray<string> => [
  "Pillion carries a workload's traffic where iptables capture cannot be used: an inline sidecar proxy",
  "for HTTP, CONNECT, SOCKS4, SOCKS4a, SOCKS5 and TCP.",
  ...section("Examples", pairs(commands.run.examples)),
  ...section("Usage", ["  pillion [COMMAND] [options]"]),
  ...section("Commands", pairs(commandNames.map((name) => [name, commands[name].summary] as const))),
  ...section("Flags", pairs([helpFlag, ["--version, -V", "print the version"]])),
  ...optionSections(),
  ...section("Exit codes", pairs(exitCodes)),
  "",
  "pillion help COMMAND explains one command.",
]

const commandHelp = (name: CommandName): ReadonlyArray<string> => {
  const { usage, summary, flags, takesOptions, examples } = commands[name]
  const own: ReadonlyArray<readonly [string, string]> = flags.map((flag) => {
    const { summary, values, placeholder = values?.join("|") } = commandFlags[flag]
    return [placeholder === undefined ? `--${flag}` : `--${flag} ${placeholder}`, summary]
  })
  return [
    `pillion ${name}: ${summary}.`,
    ...section("Examples", pairs(examples)),
    ...section("Usage", [`  pillion ${usage}`]),
    ...section("Flags", pairs([...own, helpFlag])),
    ...(name === "run"
      ? optionSections()
      : takesOptions
        ? ["", "It takes every option of the proxy too, and should be given the same ones: pillion help run."]
        : []),
    ...section("Exit codes", pairs(exitCodes)),
  ]
}

const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> => ["", `${title}:`, ...lines]

/** Two aligned columns; the second is wrapped. */
const pairs = (rows: ReadonlyArray<readonly [string, string]>): ReadonlyArray<string> => {
  const column = Math.max(...rows.map(([first]) => first.length)) + 4
  return rows.flatMap(([first, second]) => {
    const [head, ...tail] = wrap(second, width - column)
    return [`${`  ${first}`.padEnd(column)}${head ?? ""}`, ...tail.map((line) => " ".repeat(column) + line)]
  })
}

/** Lines of at most `columns` columns, broken between words. */
const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`
    if (longer.length > columns && line !== "") {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

const optionSections = (): ReadonlyArray<string> => {
  const groups = new Map<Group, Array<string>>()
  for (const key of optionKeys) {
    const lines = groups.get(options[key].group) ?? []
    lines.push(...optionHelp(key))
    groups.set(options[key].group, lines)
  }
  return [...[...groups].flatMap(([group, lines]) => section(group, lines)), "", ...optionNotes]
}

const optionHelp = (key: keyof Settings): ReadonlyArray<string> => {
  const { name, kind, summary, environment } = options[key]
  const initial = defaultText(key)
  const notes = [
    ...(initial === undefined ? [] : [`default ${initial}`]),
    ...(environment === undefined ? [] : [`environment ${environment}`]),
  ]
  const value = kind.shape === "switch" ? `[=${kind.placeholder}]` : ` ${kind.placeholder}`
  const meaning = notes.length === 0 ? summary : `${summary} (${notes.join(", ")})`
  return [`  --${name}${value}`, ...wrap(meaning, width - 6).map((line) => `      ${line}`)]
}

const optionNotes: ReadonlyArray<string> = [
  "A flag is stronger than the environment, that than an annotation, that than the configuration file.",
  "Every option is also PILLION_ and its name in capitals, as in PILLION_PROXY_IN_PORT=10000.",
  "DURATION is 500ms, 10s, 2m or 1h; a bare number is seconds. SIZE is bytes, or 64KiB or 1MiB.",
  "Several ADDRESSes, rules or DESTINATIONs are separated by commas; their flags may be repeated.",
]

/** The options as a Markdown table. */
export const optionsMarkdown = (): string => {
  const header = ["option", "default", "environment", "annotation", "on SIGHUP", "meaning"]
  const rows = optionKeys.map((key) => {
    const { name, kind, annotation, reloadable, summary } = options[key]
    const initial = defaultText(key)
    const value = kind.shape === "switch" ? "" : ` ${kind.placeholder}`
    return [
      code(`--${name}${value}`),
      initial === undefined ? "" : options[key].initialText === undefined ? code(initial) : initial,
      environmentNames(options[key]).toReversed().map(code).join(" "),
      annotation === undefined ? "" : code(annotation),
      reloadable ? "at once" : "restart",
      summary,
    ]
  })
  return `${markdownTable(header, rows)}\nAnnotations stand after \`${annotationDomain}\`.\n`
}
