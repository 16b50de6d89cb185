/**
 * Announce: the first lines after start. What runs, where it listens, where its settings came from, and the one next
 * thing to type, which is another beside a program than in a pod.
 */
import { plan } from "../../config/plan.ts"
import type { Settings } from "../../config/settings.ts"
import type { Origin } from "../../config/sources.ts"
import type { Log } from "../../observe/log/log.ts"
import { formatTarget } from "../../protocol/target.ts"

import { kubernetesHost, outboundListener, outboundOf } from "../clients/outbound.ts"
import type { Ports } from "../running/ports.ts"
import { version } from "../command-line/version.ts"

/** How the program was started. */
export interface Situation {
  /** How the program is called from a shell: `pillion` where it is on the PATH. */
  readonly program: string
  /** True where a program runs beside the proxy, and knows of it already. */
  readonly beside: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

export const announce = (
  log: Pick<Log, "info">,
  settings: Settings,
  origins: ReadonlyArray<Origin>,
  ports: Ports,
  situation: Situation,
): void => {
  const { proxyType, proxyProtocol, proxyHost, proxyPort } = settings
  log.info(`pillion ${version.version} is ready`, {
    type: proxyType,
    protocol: proxyProtocol,
    inbound: ports.in || undefined,
    outbound: ports.out || undefined,
    workload: ports.in === 0 ? undefined : formatTarget({ host: proxyHost, port: proxyPort }),
    health: ports.health,
    admin: ports.admin,
    config: configOrigins(origins),
  })
  log.info(`next: ${nextStep(settings, ports, situation)}`)
}

/** Which kinds of sources had a say, and which files; undefined where none had. `check-config` shows the rest. */
const configOrigins = (origins: ReadonlyArray<Origin>): string | undefined => {
  const sources = origins.flatMap(({ origin }) => {
    if (origin === "default") return []
    const [kind = ""] = origin.split(" ", 1)
    if (kind === "flag") return ["flags"]
    // `annotation KEY in PATH`, `file PATH`, `standard input`
    return origin.includes(" in ")
      ? [origin.slice(origin.indexOf(" in ") + 4)]
      : [kind === "environment" ? kind : origin]
  })
  return [...new Set(sources)].join(", ") || undefined
}

/** One line that can be pasted where it is read, or says what to open. */
export const nextStep = (settings: Settings, ports: Ports, situation: Situation): string => {
  const { beside, env } = situation
  const page = `http://127.0.0.1:${ports.admin}/`
  if (kubernetesHost(env) !== undefined) return `kubectl port-forward POD ${ports.admin}, then open ${page}`
  // INVOCATION_ID is systemd's: a service has no shell whose programs could be sent through it.
  const service = (env["INVOCATION_ID"] ?? "") !== "" && (env["NOTIFY_SOCKET"] ?? "") !== ""
  if (beside || service) return `${call(situation, "top", [["--admin-port", ports.admin, 4100]])}, or open ${page}`
  return ports.out === 0 ? inboundStep(settings, ports) : outboundStep(settings, ports, situation)
}

const inboundStep = (settings: Settings, ports: Ports): string =>
  plan(settings).some(({ speaks }) => speaks === "http")
    ? `curl http://127.0.0.1:${ports.in}/`
    : `send what is for the workload to port ${ports.in}`

const outboundStep = (settings: Settings, ports: Ports, situation: Situation): string => {
  const listener = outboundListener(settings)
  const outbound = listener && outboundOf(listener, ports.out, undefined)
  const fish = /(^|\/)fish$/.test(situation.env["SHELL"] ?? "")
  const recipe = call(situation, fish ? "env --shell fish" : "env", [
    // What the recipe depends on; a port is enough for the rest.
    ["--proxy-protocol", outbound?.asked === "socks" ? "socks" : "http", "http"],
    ["--proxy-strict", settings.proxyStrict, false],
    ["--proxy-out-bind", settings.proxyOutBind.map(({ text }) => text).join(","), ""],
    ["--proxy-out-port", ports.out, 4140],
  ])
  const scheme = outbound?.asked === "socks" ? "socks5h" : "http"
  const shell = fish ? `${recipe} | source` : `eval "$(${recipe})"`
  return `${shell}; or curl -x ${scheme}://${outbound?.authority} http://example.com/`
}

type Given = string | number | boolean

/** A command line with the flags whose value is not the default. */
const call = (
  { program }: Situation,
  command: string,
  flags: ReadonlyArray<readonly [flag: string, value: Given, initial: Given]>,
): string =>
  [
    program,
    command,
    ...flags.flatMap(([flag, value, initial]) =>
      value === initial ? [] : [value === true ? flag : `${flag} ${value}`],
    ),
  ].join(" ")
