/**
 * Commands: what `pillion` can do. The command line's parser and the help take everything from this table.
 */

/** Languages for which `pillion env` knows the client recipe. */
export const languages = ["go", "python", "node", "java", "dotnet", "ruby", "curl"] as const
export type Language = (typeof languages)[number]

/** Shells for which `pillion completions` prints a script. */
export const shells = ["bash", "zsh", "fish"] as const
export type Shell = (typeof shells)[number]

/** Shells whose commands `pillion env` prints; all but fish take the same ones. */
export const dialects = ["sh", "bash", "zsh", "fish"] as const
export type Dialect = (typeof dialects)[number]

/** A flag that is no option: it belongs to commands, and has no value, or one of a few words. */
interface CommandFlagText {
  readonly summary: string
  readonly values?: ReadonlyArray<string>
}

export type CommandFlag = "json" | "k8s" | "shell"

export const commandFlags: { readonly [F in CommandFlag]: CommandFlagText } = {
  json: { summary: "print JSON" },
  k8s: { summary: "print a container's env: instead of shell commands" },
  shell: { summary: "print commands of this shell; sh without it", values: dialects },
}

export type CommandName =
  "run" | "check-config" | "env" | "healthcheck" | "drain" | "open" | "top" | "tap" | "completions" | "version" | "help"

export interface Command {
  /** The words that follow `pillion`. */
  readonly usage: string
  /** One sentence without a full stop. */
  readonly summary: string
  readonly flags: ReadonlyArray<CommandFlag>
  /** Whether the command reads the settings, and so takes every option of the option table. */
  readonly takesOptions: boolean
  /** Command lines, and what each does. */
  readonly examples: ReadonlyArray<readonly [line: string, meaning: string]>
}

export const commands: { readonly [N in CommandName]: Command } = {
  run: {
    usage: "[run] [options] [-- CMD ARGS...]",
    summary: "run the proxy (the default); with -- CMD beside a program that uses it",
    flags: [],
    takesOptions: true,
    examples: [
      ["pillion", "inbound on 4143 to localhost:80, outbound on 4140"],
      ["pillion --proxy-protocol tcp:http --proxy-port 8080", "opaque TCP inbound, HTTP proxy outbound"],
      ["pillion --proxy-type forward --proxy-protocol socks", "an outbound SOCKS proxy only"],
      ["pillion run -- node app.js", "start a program with its proxy variables set, and end with it"],
    ],
  },
  "check-config": {
    usage: "check-config [options]",
    summary: "print every value with its origin, or what is wrong",
    flags: ["json"],
    takesOptions: true,
    examples: [
      ["pillion check-config", "what would hold here and now"],
      ["pillion check-config --config pillion.yaml", "the same with this file"],
      ["pillion check-config --json", "for a program: an array of {option, value, origin}"],
    ],
  },
  env: {
    usage: `env [${languages.join("|")}] [options]`,
    summary: "print what makes clients use the proxy with these settings",
    flags: ["json", "k8s", "shell"],
    takesOptions: true,
    examples: [
      ['eval "$(pillion env)"', "send this shell's programs through the proxy"],
      ["pillion env --shell fish | source", "the same in fish"],
      ["pillion env java", "what a Java program needs"],
      ["pillion env python --k8s", "the same as a container's env: in YAML"],
    ],
  },
  healthcheck: {
    usage: "healthcheck [options]",
    summary: "exit with 0 if the running proxy is ready, else with 1",
    flags: ["json"],
    takesOptions: true,
    examples: [
      ["pillion healthcheck", "ask /readyz on 4145"],
      ["pillion healthcheck --health-port 9000", "ask on another port"],
    ],
  },
  drain: {
    usage: "drain [options]",
    summary: "ask the running proxy to stop as SIGTERM does: let connections finish, then end",
    flags: [],
    takesOptions: true,
    examples: [
      ["pillion drain", "ask on the admin port 4100"],
      ["pillion drain --admin-port 9001", "ask on another port"],
    ],
  },
  open: {
    usage: "open [options]",
    summary: "open the status page of the running proxy, with the token that shows what was recorded",
    flags: [],
    takesOptions: true,
    examples: [
      ["pillion open", "print the address, and open it in the browser where there is a desktop"],
      ["pillion open --admin-port 9001", "of the proxy with another admin port"],
    ],
  },
  top: {
    usage: "top [FILTER] [options]",
    summary: "watch the running proxy in the terminal: rates, latency, refusals, destinations",
    flags: ["json"],
    takesOptions: true,
    examples: [
      ["pillion top", "the keys stand in the last line: Enter opens a destination, q quits"],
      ["pillion top direction:outbound not probe", "only what the workload sends"],
      ["pillion top --json", "one look, for a program"],
    ],
  },
  tap: {
    usage: "tap [FILTER] [options]",
    summary: "print connections and requests of the running proxy as they end",
    flags: ["json"],
    takesOptions: true,
    examples: [
      ["pillion tap", "everything from now on"],
      ["pillion tap host:api status:5xx", "what fails of some hosts; plain words stand anywhere"],
      ["pillion tap -path:/health ms:150..", "what is slow, but not these; also ..20 and 100..200"],
      [
        "pillion tap 'method:POST and (status = 4xx or bytes > 1000)'",
        "quoted against the shell; also or, not, != ~ !~",
      ],
      ["pillion tap direction:inbound --json", "for a program: a line of the access log each"],
    ],
  },
  completions: {
    usage: `completions ${shells.join("|")}`,
    summary: "print the script that lets a shell complete commands, flags and values",
    flags: [],
    takesOptions: false,
    examples: [
      ['eval "$(pillion completions bash)"', "for this bash; zsh likewise, after compinit"],
      ["pillion completions fish", "to be kept as ~/.config/fish/completions/pillion.fish"],
    ],
  },
  version: {
    usage: "version",
    summary: "print the version",
    flags: ["json"],
    takesOptions: false,
    examples: [["pillion version --json", "for a program"]],
  },
  help: {
    usage: "help [COMMAND]",
    summary: "explain Pillion, or one command",
    flags: [],
    takesOptions: false,
    examples: [["pillion help run", "the same as pillion run --help"]],
  },
}

export const commandNames = Object.keys(commands) as ReadonlyArray<CommandName>

/** Whether a word names an own entry of a table: `constructor` does not. */
export const isOneOf = <A extends string>(names: ReadonlyArray<A>, word: string): word is A =>
  names.some((name) => name === word)
