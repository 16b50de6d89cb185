/**
 * Completions for zsh: a file `_pillion` in a directory of $fpath, or evaluated after compinit.
 */
import { type CompletableFlag, completableCommands, defaultCommand, quoted, versionFlag } from "./completable.ts"

export const zshCompletions = (): string => {
  const flagsOfStart = completableCommands.find(({ name }) => name === defaultCommand)?.flags ?? []
  return `#compdef pillion
_pillion() {
  local curcontext=$curcontext context state line dashes=\${words[(i)--]}
  typeset -A opt_args
  if (( dashes < CURRENT )); then
    shift $dashes words
    (( CURRENT -= dashes ))
    _normal
    return
  fi
  local -a commands=(
${completableCommands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join("\n")}
  )
  local -a proxy=(
${flagsOfStart.map((flag) => `    ${specification(flag)}`).join("\n")}
  )
  _arguments -C $proxy ${specification(versionFlag)} '1:command:->command' '*::word:->word' && return
  case $state in
    command) _describe command commands ;;
    word)
      case $words[1] in
${completableCommands.map((command) => `        ${command.name}) ${argumentsOf(command, flagsOfStart)} ;;`).join("\n")}
      esac ;;
  esac
}
if [[ $funcstack[1] == _pillion ]]; then _pillion "$@"; else compdef _pillion pillion; fi
`
}

type CompletedCommand = (typeof completableCommands)[number]

/** The flags of the proxy are many, and written once. */
const argumentsOf = (
  { flags, words, manyWords, paths }: CompletedCommand,
  proxy: ReadonlyArray<CompletableFlag>,
): string => {
  const takesProxy = proxy.every((flag) => flags.includes(flag))
  const own = takesProxy ? flags.filter((flag) => !proxy.includes(flag)) : flags
  // A space completes nothing: the word is a person's own.
  const action = paths ? "_files" : words.length === 0 ? " " : `(${words.map(escape).join(" ")})`
  const word = words.length > 0 || manyWords ? [quote(`${manyWords ? "*" : "1"}:word:${action}`)] : []
  return ["_arguments", ...(takesProxy ? ["$proxy"] : []), ...own.map(specification), ...word].join(" ")
}

/** The flag as zshcompsys(1) wants it for _arguments. */
const specification = ({ name, short, summary, value, optional, repeatable }: CompletableFlag): string => {
  const meaning = `[${escape(summary)}]`
  if (short !== undefined) return `'(-${short} --${name})'{-${short},--${name}}${quote(meaning)}`
  if (value === "none") return quote(`--${name}${meaning}`)
  const action = value === "file" ? "_files" : value === "free" ? "" : `(${value.map(escape).join(" ")})`
  const form = optional ? `=-${meaning}::value:` : `=${meaning}:value:`
  return quote(`${repeatable ? "*" : ""}--${name}${form}${action}`)
}

const escape = (text: string): string => text.replace(/[\\[\]:]/g, "\\$&")
const quote = (text: string): string => quoted(text, "'\\''")
