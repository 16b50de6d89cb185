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

/** What `pillion export` writes. */
export const exportFormats = ["har", "curl"] as const
export type ExportFormat = (typeof exportFormats)[number]

/** What `pillion capture` is told to do. */
export const captureWords = ["on", "off", "status"] as const
export type CaptureWord = (typeof captureWords)[number]

/** The two messages of an exchange. */
export const messageSides = ["request", "response"] as const
export type MessageSide = (typeof messageSides)[number]

/** A flag that is no option: it belongs to commands, and has no value, one of a few words, or any text. */
interface CommandFlagText {
  readonly summary: string
  /** The words to choose from. */
  readonly values?: ReadonlyArray<string>
  /** What help writes for a value that may be any text; it names a path where `DIR` is part of it. */
  readonly placeholder?: string
}

export type CommandFlag =
  | "bodies"
  | "json"
  | "k8s"
  | "shell"
  | "tree"
  | "since"
  | "limit"
  | "from"
  | "to"
  | "curl"
  | "har"
  | "raw"
  | "body"
  | "test"

export const commandFlags: { readonly [F in CommandFlag]: CommandFlagText } = {
  bodies: { summary: "heads and bodies, secrets replaced: recorded for as long as this reads, and kept nowhere" },
  json: { summary: "print JSON" },
  k8s: { summary: "print a container's env: instead of shell commands" },
  shell: { summary: "print commands of this shell; sh without it", values: dialects },
  tree: { summary: "outbound calls stand below the inbound request that caused them" },
  since: { summary: "what began within this time, as 10m, or since 2026-11-28T09:30:00Z", placeholder: "TIME" },
  limit: { summary: "the newest N only", placeholder: "N" },
  from: {
    summary: "read a capture's directory, a file of records, or stdin; without it the running proxy is asked",
    placeholder: "DIR|FILE|-",
  },
  to: { summary: "the directory that the cases are written to", placeholder: "DIR" },
  curl: { summary: "print a command that sends the request again" },
  har: { summary: "print an HTTP Archive of this one" },
  raw: { summary: "print a message as it was sent, without its codings and its chunks", values: messageSides },
  body: { summary: "print the content of a message and nothing else", values: messageSides },
  test: { summary: "change nothing: list what is replaced, and what looks secret and is not" },
}

export type CommandName =
  | "run"
  | "record"
  | "check-config"
  | "env"
  | "healthcheck"
  | "drain"
  | "open"
  | "top"
  | "tap"
  | "capture"
  | "ls"
  | "show"
  | "search"
  | "diff"
  | "export"
  | "save"
  | "lint"
  | "redact"
  | "completions"
  | "version"
  | "help"

/** The commands that start a program, which stands behind `--`. */
export const starters: ReadonlyArray<CommandName> = ["run", "record"]
/** Words that a command must be given, before its filter where it has one. */
interface Operands {
  /** What they are, as a sentence goes on after "needs". */
  readonly what: string
  readonly least: number
  readonly most: number
  /** Where only these are known. */
  readonly words?: ReadonlyArray<string>
  /** They are paths of files or directories. */
  readonly paths?: true
}

export interface Command {
  /** The words that follow `pillion`. */
  readonly usage: string
  /** One sentence without a full stop. */
  readonly summary: string
  readonly flags: ReadonlyArray<CommandFlag>
  /** Whether the command reads the settings, and so takes every option of the option table. */
  readonly takesOptions: boolean
  readonly operands?: Operands
  /** All other words are one filter: of what ends and is open, or of records. */
  readonly filter?: "entries" | "records"
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
  record: {
    usage: "record [options] -- CMD ARGS...",
    summary: "run a program, and keep records of what passes in captures/",
    flags: [],
    takesOptions: true,
    examples: [
      ["pillion record -- npm start", "records of all that it serves and asks for, in captures/"],
      ["pillion record --capture orders -- pytest", "in another directory"],
      ["pillion record --capture-filter 'host:pay or direction:inbound' -- npm test", "only some of it"],
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
    summary: "open the status page of the running proxy, with the token that shows records",
    flags: [],
    takesOptions: true,
    examples: [["pillion open", "print the address, and open it in the browser where there is a desktop"]],
  },
  top: {
    usage: "top [FILTER] [options]",
    summary: "watch the running proxy in the terminal: rates, latency, refusals, destinations",
    flags: ["json"],
    takesOptions: true,
    filter: "entries",
    examples: [
      ["pillion top", "the keys stand in the last line: Enter opens a destination, q quits"],
      ["pillion top direction:outbound not probe", "only what the workload sends"],
      ["pillion top --json", "one look, for a program"],
    ],
  },
  tap: {
    usage: "tap [FILTER] [--bodies] [options]",
    summary: "print connections and requests of the running proxy as they end",
    flags: ["bodies", "json"],
    takesOptions: true,
    filter: "entries",
    examples: [
      ["pillion tap", "everything from now on"],
      ["pillion tap host:api status:5xx", "what fails of some hosts; plain words stand anywhere"],
      ["pillion tap -path:/health ms:150..", "what is slow, but not these; also ..20 and 100..200"],
      [
        "pillion tap 'method:POST and (status = 4xx or bytes > 1000)'",
        "quoted against the shell; also or, not, != ~ !~",
      ],
      ["pillion tap direction:inbound --json", "for a program: a line of the access log each"],
      ["pillion tap --bodies host:pay", "what was in them, as curl -v shows it; the filter is that of pillion ls"],
    ],
  },
  capture: {
    usage: `capture ${captureWords.join("|")} [options]`,
    summary: "say whether the running proxy keeps records, or have it begin or end",
    flags: ["json"],
    takesOptions: true,
    operands: { what: "on, off or status", least: 1, most: 1, words: captureWords },
    examples: [
      ["pillion capture status", "how many records there are, and how many could not be made"],
      ["pillion capture on", "in memory, or in the directory that it was started with"],
      ["pillion capture off", "what is kept stays, until newer records need its room"],
    ],
  },
  ls: {
    usage: "ls [FILTER] [--tree] [--since TIME] [--limit N] [--from DIR|FILE|-]",
    summary: "list the records of a capture, the newest last",
    flags: ["tree", "since", "limit", "from", "json"],
    takesOptions: true,
    filter: "records",
    examples: [
      ["pillion ls", "id, time, direction, request, status, time and sizes of what was captured"],
      ["pillion ls status:5xx ms:200.. --since 10m", "what failed slowly in the last ten minutes"],
      ["pillion ls --tree", "inbound requests with the calls that they caused below them"],
      ["pillion ls --from captures 'json.amount = 2000'", "of a directory, by what stands in bodies"],
      ["pillion ls --json --limit 100", "for a program: one line of JSON each"],
    ],
  },
  show: {
    usage: "show ID [--curl|--har|--raw SIDE|--body SIDE] [--from DIR|FILE|-]",
    summary: "show one record: heads, bodies, times, what was redacted, cause and effects",
    flags: ["curl", "har", "raw", "body", "from", "json"],
    takesOptions: true,
    operands: { what: "the end of an id, which pillion ls shows", least: 1, most: 1 },
    examples: [
      ["pillion show 7c11e4", "6 characters of the id's end, or more"],
      ["pillion show 7c11e4 --curl", "as a command that sends the request again"],
      ["pillion show 7c11e4 --raw request", "as it was sent"],
      ["pillion show 7c11e4 --body response", "the content alone, to be kept or piped"],
      ["pillion show 7c11e4 --json", "the record itself"],
    ],
  },
  search: {
    usage: "search TEXT [--since TIME] [--limit N] [--from DIR|FILE|-]",
    summary: "find a text in the heads, bodies and messages of records",
    flags: ["since", "limit", "from", "json"],
    takesOptions: true,
    operands: { what: "a text to look for", least: 1, most: 1 },
    examples: [
      ["pillion search 4000008812345671", "where a value went: the token of a redacted one, too"],
      ["pillion search 'out of stock' --since 1h", "in any case of letters"],
    ],
  },
  diff: {
    usage: "diff ID ID [--from DIR|FILE|-]",
    summary: "show field by field in what two records differ",
    flags: ["from", "json"],
    takesOptions: true,
    operands: { what: "the ends of two ids, which pillion ls shows", least: 2, most: 2 },
    examples: [["pillion diff 7c11e4 9d0a52", "JSON by its paths, text by its lines, heads by their fields"]],
  },
  export: {
    usage: `export ${exportFormats.join("|")} [FILTER] [--since TIME] [--limit N] [--from DIR|FILE|-]`,
    summary: "write records for other tools: an HTTP Archive, or a script of curl commands",
    flags: ["since", "limit", "from"],
    takesOptions: true,
    operands: { what: `a format: ${exportFormats.join(" or ")}`, least: 1, most: 1, words: exportFormats },
    filter: "records",
    examples: [
      ["pillion export har --since 1h", "an HTTP Archive, which browsers and other proxies read"],
      ["pillion export curl direction:inbound path:/orders", "each request as a command"],
    ],
  },
  save: {
    usage: "save [FILTER] --to DIR [--since TIME] [--limit N] [--from DIR|FILE|-]",
    summary: "write records as cases: Markdown files to be read, edited and kept with the code",
    flags: ["to", "since", "limit", "from", "json"],
    takesOptions: true,
    filter: "records",
    examples: [
      ["pillion save path:/orders --to tests/orders", "saved again, a request has the same file"],
      ["pillion save cause:77b0aa or id:77b0aa --to tests/order", "one request and the calls that it caused"],
    ],
  },
  lint: {
    usage: "lint PATH...",
    summary: "check case files: file, line, and what is wrong",
    flags: ["json"],
    takesOptions: false,
    operands: { what: "a directory of cases", least: 1, most: Infinity, paths: true },
    examples: [["pillion lint tests/orders", "ends with 1 where a case cannot be read"]],
  },
  redact: {
    usage: "redact --test [FILTER] [--since TIME] [--limit N] [--from DIR|FILE|-]",
    summary: "list what redaction replaced, by rule and place, and what looks secret and was not",
    flags: ["test", "since", "limit", "from", "json"],
    takesOptions: true,
    filter: "records",
    examples: [
      ["pillion redact --test", "of all that was captured"],
      ["pillion redact --test host:pay --from captures", "of some of a directory"],
      ["pillion redact --test --capture-redact redact.yaml", "what these rules would replace besides"],
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
