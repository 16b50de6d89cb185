/**
 * Run: one row's client, run to its end in the world, and what the proxy's access log says of it.
 */
import { type Pillion, pillion } from "../support/pillion.ts"
import { type Output, runCommand } from "../support/process.ts"
import type { Row, Told } from "./row.ts"
import { flags, freePorts, rules, type World } from "./world.ts"

/** What a row's client said, and what the proxy saw while it ran. */
export interface Outcome {
  readonly output: Output
  readonly seen: ReadonlyArray<Seen>
}

export interface Seen {
  /** `GET up.test:80/one 200` or `connect up.test:443`. */
  readonly text: string
  /** The client's end of the connection. */
  readonly from: string
}

/** Runs a row's client to its end, and waits for the access log to tell of all that was due. */
export const run = async (world: World, row: Row): Promise<Outcome> => {
  const command = row.command(world)
  const env = { HOME: world.folder, TMPDIR: world.folder, LANG: "C.UTF-8", ...row.env?.(world) }
  if (row.told.by === "pillion run") return runBeside(world, command, env)
  const proxy = proxyOf(world, row)
  const before = proxy.log.length
  const shell = ["sh", "-c", 'eval "$1"; shift; exec "$@"', "sh", await shellOf(row.told)]
  const output = await runCommand([...world.network.enter, ...shell, ...command], {
    env,
    cwd: world.here,
    milliseconds,
  })
  await settle(world, proxy, before, row.sees)
  return { output, seen: seen(proxy.stdout.all.slice(before)) }
}

/** The slowest client takes some seconds on a busy machine; the deadline is for bugs. */
const milliseconds = 60_000

/** `pillion run -- CMD`: its stdout is both the client's and the access log. */
const runBeside = async (
  { network, executable }: World,
  command: ReadonlyArray<string>,
  env: Record<string, string>,
): Promise<Outcome> => {
  const ports = ["--proxy-type=forward", "--proxy-out-port=0", ...freePorts]
  const beside = [...network.enter, executable, "run", ...ports, ...rules, "--", ...command]
  const output = await runCommand(beside, { env, milliseconds })
  const lines = output.stdout.split("\n")
  const said = lines.filter((line) => !isAccessLine(line)).join("\n")
  return { output: { ...output, stdout: said }, seen: seen(lines.filter(isAccessLine)) }
}

const isAccessLine = (line: string): boolean => line.startsWith('{"time":')

const proxyOf = ({ proxies }: World, { told, proxy }: Row): Pillion =>
  proxies[told.by === "pillion env" ? told.settings : (proxy ?? "http")]

/** What the shell is given to evaluate. */
const shellOf = async (told: Told): Promise<string> => {
  switch (told.by) {
    case "document":
    case "hand":
      return told.shell
    case "pillion run":
      return ""
    case "pillion env": {
      const { code, stdout, stderr } = await pillion([
        "env",
        ...(told.language === undefined ? [] : [told.language]),
        ...flags[told.settings],
      ])
      if (code !== 0) throw new Error(`pillion env failed:\n${stderr}`)
      return stdout
    }
  }
}

let sentinels = 0

/**
 * Waits until the access log has told of all that was due, and then for the line of one more request, which names what
 * does not exist: so what was not due has been written as well.
 */
const settle = async (
  { network }: World,
  proxy: Pillion,
  before: number,
  due: ReadonlyArray<string>,
): Promise<void> => {
  const all = (): true | undefined => {
    const there = new Set(seen(proxy.stdout.all.slice(before)).map(({ text }) => text))
    return due.every((text) => there.has(text)) ? true : undefined
  }
  // What is missing is for the test to tell: it shows what there is.
  await proxy.stdout.until(all, "all access-log lines").catch(() => {})
  // Inbound listeners have one destination: nothing but what is due can come.
  if (proxy.ports.out === 0) return
  const name = `sentinel-${(sentinels += 1)}.test`
  await network.curl("--noproxy", "", "--socks5-hostname", `127.0.0.1:${proxy.ports.out}`, `http://${name}/`)
  await proxy.waitForLog((line) => line["target"] === `${name}:80`)
}

/** Access-log lines in short, without those for names that do not exist: sentinels, and a browser's calls home. */
const seen = (lines: ReadonlyArray<string>): ReadonlyArray<Seen> =>
  lines.flatMap((line) => {
    const { protocol, target, method, authority, path, status, client, refusal } = JSON.parse(line)
    if (refusal === "name-not-found") return []
    // Browsers open connections ahead of need, and close those on which they have asked for nothing.
    if (protocol === "unknown" && refusal === undefined) return []
    const text = method === undefined ? `${protocol} ${target}` : `${method} ${authority}${path} ${status}`
    return [{ text: refusal === undefined ? text : `${text} ${refusal}`, from: client }]
  })
