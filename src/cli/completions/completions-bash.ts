/**
 * Completions for bash, 4 and later; uses the bash-completion package only for `run -- CMD`, and only if it is there.
 */
import {
  type CompletableFlag,
  completableCommands,
  completableFlags,
  defaultCommand,
  versionFlag,
} from "./completable.ts"

const pathCommands = completableCommands.filter(({ paths }) => paths).map(({ name }) => name)

export const bashCompletions = (): string => {
  const names = completableCommands.map(({ name }) => name)
  return `# bash completion for pillion
_pillion() {
  local line=\${COMP_LINE:0:COMP_POINT} command= separate=yes choices= word i
  local -a words
  # Not COMP_WORDS: bash breaks those at = and : too.
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local last=$((\${#words[@]} - 1))
  local typed=\${words[last]} flag=\${words[last - 1]}
  COMPREPLY=()
  for ((i = 1; i < last; i++)); do
    word=\${words[i]}
    case $word in
      --)
        if declare -F _command_offset >/dev/null; then _command_offset $((i + 1))
        else mapfile -t COMPREPLY < <(compgen -c -f -- "$typed" | sort -u); fi
        return ;;
      ${names.join("|")})
        command=\${command:-$word} ;;
    esac
  done
  if [[ $typed == --*=* ]]; then flag=\${typed%%=*} typed=\${typed#*=} separate=; fi
  case $flag\${separate:+ } in
${valueCases()}
    *) [[ $separate ]] || return ;;
  esac
  if [[ ! $choices ]]; then
    case $command in
${commandCases(names)}
    esac
    case $command in
      ${pathCommands.join("|")})
        if [[ $typed != -* ]]; then
          compopt -o filenames 2>/dev/null
          mapfile -t COMPREPLY < <(compgen -f -- "$typed")
          return
        fi ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$typed")
  # Bash puts a completion in place of what stands behind the last : only.
  if [[ $COMP_WORDBREAKS == *:* ]]; then COMPREPLY=("\${COMPREPLY[@]#"\${typed%"\${typed##*:}"}"}"); fi
}
complete -F _pillion pillion
`
}

/** Texts that a value follows: the flag and `=`, and the flag and a space unless the value may be left out. */
const places = ({ name, optional }: CompletableFlag): ReadonlyArray<string> =>
  optional ? [`--${name}`] : [`--${name}`, `"--${name} "`]

const valueCases = (): string => {
  const withValue = completableFlags.filter(({ value }) => value !== "none")
  const pattern = (kind: "file" | "free"): string =>
    withValue
      .filter(({ value }) => value === kind)
      .flatMap(places)
      .join("|")
  return [
    ...withValue.flatMap((flag) =>
      typeof flag.value === "string" ? [] : [`${places(flag).join("|")}) choices="${flag.value.join(" ")}" ;;`],
    ),
    `${pattern("file")})`,
    `  compopt -o filenames 2>/dev/null`,
    `  mapfile -t COMPREPLY < <(compgen -f -- "$typed")`,
    `  return ;;`,
    `${pattern("free")}) return ;;`,
  ]
    .map((line) => `    ${line}`)
    .join("\n")
}

/** Words that may follow each command; "" is where none is named yet. */
const commandCases = (names: ReadonlyArray<string>): string => {
  const choices = completableCommands.map(
    ({ name, flags, words }) => [name as string, words.concat(flags.map((flag) => `--${flag.name}`))] as const,
  )
  const ofDefault = choices.find(([name]) => name === defaultCommand)?.[1] ?? []
  return [['""', names.concat(ofDefault, `--${versionFlag.name}`)] as const, ...choices]
    .map(([name, words]) => `      ${name}) choices="${words.join(" ")}" ;;`)
    .join("\n")
}
