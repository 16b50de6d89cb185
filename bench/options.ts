/** The command line of the benchmark. */
import { resolve } from "node:path"
import { parseArgs } from "node:util"

import { beforeName, peerNames } from "./peers.ts"

export interface Options {
  /** Names of workloads; empty means all (of --quick, or of everything). */
  readonly workloads: ReadonlyArray<string>
  readonly starts: number
  readonly rounds: number
  readonly seconds: number
  readonly quick: boolean
  readonly profile: boolean
  /** Peers write an access log too. */
  readonly peerLogs: boolean
  readonly against: ReadonlyArray<{ readonly name: string; readonly port: number }>
  /** Names of participants; empty means all, or with `before` none but the two. */
  readonly peers: ReadonlyArray<string>
  /** A file or a revision: an earlier executable that takes part. */
  readonly before: string | undefined
  readonly executable: string | undefined
  readonly json: string | undefined
  readonly html: string | undefined
}

/** Two reports to lay side by side, instead of a run. */
export interface Comparison {
  readonly compare: readonly [before: string, after: string]
  readonly html: string | undefined
}

export const usage = `bun run bench [options]
bun run bench --before REVISION [options]
bun run bench --compare BEFORE.json AFTER.json [--html file]

  --quick                 the six workloads that say most, 3 rounds of 1 second
  --workloads a,b         only these (--list names them)
  --peers a,b             only these participants; pillion always takes part (--list names them)
  --before revision       what a change did: the executable of this revision (main, HEAD~1, a tag, or a file that is
                          an executable) beside the present one, in the same rounds, and no others without --peers
  --peer-logs             peers write an access log as well, as pillion does; no goals against them
  --starts 1              how often all are started anew, with as many rounds after each; for rates
  --rounds 7              alternating rounds of every workload
  --seconds 3             length of one measurement
  --against name=port     add a proxy that already accepts on 127.0.0.1:port (name=127.0.0.1:port is the same)
  --executable file       measure this one instead of building dist/pillion
  --profile               run one workload under profilers, see README.md
  --json file             keep the report, with every number, here and not in dist/bench/reports
  --html file             write the report with its plots
  --compare a b           lay two kept reports side by side; nothing is measured
  --list                  name the workloads and the participants`

/** Throws an Error that says what is wrong with the arguments. */
export const parse = (args: ReadonlyArray<string>): Options | Comparison | "help" | "list" => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      profile: { type: "boolean" },
      "peer-logs": { type: "boolean" },
      help: { type: "boolean" },
      list: { type: "boolean" },
      workloads: { type: "string" },
      peers: { type: "string" },
      before: { type: "string" },
      compare: { type: "string" },
      starts: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      against: { type: "string", multiple: true },
      executable: { type: "string" },
      json: { type: "string" },
      html: { type: "string" },
    },
  })
  if (values.help === true) return "help"
  if (values.list === true) return "list"
  if (values.compare !== undefined) return comparison(values.compare, positionals, values)
  if (positionals.length > 0) throw new Error(`${positionals.join(" ")}: an option was due; --help lists them`)
  const quick = values.quick === true
  return {
    workloads: list(values.workloads),
    peers: known(values.peers),
    before: values.before,
    starts: whole("--starts", values.starts, 1),
    rounds: whole("--rounds", values.rounds, quick ? 3 : 7),
    seconds: positive("--seconds", values.seconds, quick ? 1 : 3),
    quick,
    profile: values.profile === true,
    peerLogs: values["peer-logs"] === true,
    against: proxies(values.against ?? []),
    executable: values.executable === undefined ? undefined : resolve(values.executable),
    json: values.json,
    html: values.html,
  }
}

/** Everything but the two files and where the page shall go would have no effect, and is refused. */
const comparison = (before: string, rest: ReadonlyArray<string>, values: Record<string, unknown>): Comparison => {
  const [after, ...more] = rest
  if (after === undefined || more.length > 0) throw new Error("--compare takes two reports: --compare a.json b.json")
  const others = Object.keys(values).filter((name) => name !== "compare" && name !== "html")
  if (others.length > 0) throw new Error(`--${others.join(", --")}: nothing is measured with --compare`)
  const { html } = values
  return { compare: [before, after], html: typeof html === "string" ? html : undefined }
}

/** Names of participants, all of which exist. */
const known = (text: string | undefined): ReadonlyArray<string> => {
  const names = list(text)
  const unknown = names.filter((name) => !peerNames.includes(name))
  if (unknown.length === 0) return names
  throw new Error(`no participant is called ${unknown.join(", ")}; there are ${peerNames.join(", ")}`)
}

const list = (text: string | undefined): ReadonlyArray<string> =>
  text === undefined ? [] : text.split(",").filter((name) => name !== "")

const positive = (option: string, text: string | undefined, otherwise: number): number => {
  const value = text === undefined ? otherwise : Number(text)
  if (!(value > 0 && value <= 3600)) throw new Error(`${option} ${text} is no number between 0 and 3600`)
  return value
}

const whole = (option: string, text: string | undefined, otherwise: number): number => {
  const value = positive(option, text, otherwise)
  if (!Number.isInteger(value)) throw new Error(`${option} ${text} is no whole number`)
  return value
}

/** Each under a name of its own: one that two had would be one row for both. */
const proxies = (texts: ReadonlyArray<string>): Options["against"] => {
  const all = texts.map(proxyFrom)
  const taken = new Set([...peerNames, beforeName])
  for (const { name } of all) {
    if (taken.has(name)) throw new Error(`--against ${name}: another participant has this name`)
    taken.add(name)
  }
  return all
}

const proxyFrom = (text: string): { readonly name: string; readonly port: number } => {
  const found = /^([\w.-]+)=(?:(?:127\.0\.0\.1|localhost):)?(\d+)$/.exec(text)
  const port = Number(found?.[2])
  if (found?.[1] === undefined || !(port > 0 && port < 65536)) {
    throw new Error(
      `--against ${text}: write name=127.0.0.1:port; a proxy on another machine would measure the network`,
    )
  }
  return { name: found[1], port }
}
