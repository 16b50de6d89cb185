/**
 * Completions for fish, 3 and later: a file `pillion.fish` in a completions directory.
 */
import {
  type CompletableFlag,
  completableCommands,
  completableFlags,
  defaultCommand,
  quoted,
  versionFlag,
} from "./completable.ts"

const names = completableCommands.map(({ name }) => name)

export const fishCompletions = (): string => `# fish completion for pillion
function __pillion_at
    # Whether the command before the cursor is one of these; start is where there is none yet.
    set -l words (commandline -opc)
    contains -- -- $words; and return 1
    set -l command start
    for word in $words[2..]
        if contains -- $word ${names.join(" ")}
            set command $word
            break
        end
    end
    contains -- $command $argv
end
function __pillion_program
    set -l words (commandline -opc)
    complete -C (string join ' ' -- $words[(math (contains -i -- -- $words) + 1)..] (commandline -ct))
end
complete -c pillion -f
complete -c pillion -n 'contains -- -- (commandline -opc)' -a '(__pillion_program)'
${[...commandLines(), ...flagLines()].map((line) => `complete -c pillion ${line}`).join("\n")}
`

const commandLines = (): ReadonlyArray<string> =>
  completableCommands.flatMap(({ name, summary, words, paths }) => [
    `-n '__pillion_at start' -a ${name} -d ${quote(summary)}`,
    ...(words.length === 0 ? [] : [`-n '__pillion_at ${name}' -a ${quote(words.join(" "))}`]),
    ...(paths ? [`-n '__pillion_at ${name}' -F`] : []),
  ])

const flagLines = (): ReadonlyArray<string> => [
  flagLine(["start"], versionFlag),
  ...completableFlags.map((flag) => {
    const takers = completableCommands.filter(({ flags }) => flags.some(({ name }) => name === flag.name))
    const takerNames: ReadonlyArray<string> = takers.map(({ name }) => name)
    return flagLine(takerNames.includes(defaultCommand) ? ["start"].concat(takerNames) : takerNames, flag)
  }),
]

/** `places`: the commands that take the flag, and `start` where it may stand before any. */
const flagLine = (
  places: ReadonlyArray<string>,
  { name, short, summary, value, optional }: CompletableFlag,
): string => {
  const parts = [`-n '__pillion_at ${places.join(" ")}'`, ...(short === undefined ? [] : [`-s ${short}`]), `-l ${name}`]
  if (value === "file") parts.push("-r -F")
  else if (value === "free") parts.push("-x")
  else if (value !== "none") parts.push(`${optional ? "" : "-x "}-a ${quote(value.join(" "))}`)
  return [...parts, `-d ${quote(summary)}`].join(" ")
}

const quote = (text: string): string => quoted(text, "\\'")
