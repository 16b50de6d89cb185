/** The command line of the benchmark. */
import { resolve } from "node:path"
import { parseArgs } from "node:util"

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
  /** Names of participants; empty means all. */
  readonly peers: ReadonlyArray<string>
  readonly executable: string | undefined
  readonly json: string | undefined
  readonly html: string | undefined
}

export const usage = `bun run bench [options]

  --quick                 the six workloads that say most, 3 rounds of 1 second
  --workloads a,b         only these (--list names them)
  --peers a,b             only these participants; pillion always takes part
  --peer-logs             peers write an access log as well, as pillion does; no goals are judged
  --starts 1              how often all are started anew, with as many rounds after each; for rates
  --rounds 7              alternating rounds of every workload
  --seconds 3             length of one measurement
  --against name=port     add a proxy that already accepts on 127.0.0.1:port (name=127.0.0.1:port is the same)
  --executable file       measure this one instead of building dist/pillion
  --profile               run one workload under profilers, see README.md
  --json file             write every number
  --html file             write the report with its plots
  --list                  name the workloads`

/** Throws an Error that says what is wrong with the arguments. */
export const parse = (args: ReadonlyArray<string>): Options | "help" | "list" => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean" },
      profile: { type: "boolean" },
      "peer-logs": { type: "boolean" },
      help: { type: "boolean" },
      list: { type: "boolean" },
      workloads: { type: "string" },
      peers: { type: "string" },
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
  const quick = values.quick === true
  return {
    workloads: list(values.workloads),
    peers: list(values.peers),
    starts: whole("--starts", values.starts, 1),
    rounds: whole("--rounds", values.rounds, quick ? 3 : 7),
    seconds: positive("--seconds", values.seconds, quick ? 1 : 3),
    quick,
    profile: values.profile === true,
    peerLogs: values["peer-logs"] === true,
    against: (values.against ?? []).map(proxyFrom),
    executable: values.executable === undefined ? undefined : resolve(values.executable),
    json: values.json,
    html: values.html,
  }
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
