/**
 * Demo: a dual proxy on the documented ports in front of a small workload, with curl lines to paste.
 *
 * The workload answers with the request as it arrived, so that what a proxy adds (Via) or keeps is there to see.
 * Flags of Pillion may follow: `bun run demo --proxy-in-port=10000`.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { calledAs } from "../src/cli/run/called.ts"
import { build } from "./build.ts"

const executable = await build((line) => console.log(`── ${line}`))

const workload = createServer((request, response) => {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`]
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`)
  }
  response.setHeader("Content-Type", "text/plain; charset=utf-8")
  response.end(`Hello from the workload. This is what reached it:\n\n${lines.map((line) => `  ${line}\n`).join("")}`)
})
await new Promise<void>((resolve) => workload.listen(0, "127.0.0.1", resolve))
const address = workload.address()
const workloadPort = address !== null && typeof address === "object" ? address.port : 0

const folder = await mkdtemp(join(tmpdir(), "pillion-demo-"))
const portsFile = join(folder, "ports.json")
const proxy = Bun.spawn(
  [
    executable,
    "run",
    "--proxy-type=dual",
    "--proxy-protocol=tcp:http",
    `--proxy-port=${workloadPort}`,
    // A name that only the proxy knows shows who resolves it, and is in nobody's NO_PROXY.
    `--resolve=hello.demo:80=127.0.0.1:${workloadPort}`,
    "--drain-timeout=2s",
    `--ports-file=${portsFile}`,
    ...process.argv.slice(2),
  ],
  {
    env: { PATH: process.env["PATH"] },
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    // A group of its own: Ctrl-C reaches this script alone, which then stops the proxy once. Twice would cut it short.
    detached: true,
  },
)

// npx may pass on a signal that the terminal has sent already: only the first one counts.
let stopping = false
const stop = (): void => {
  if (!stopping) proxy.kill("SIGTERM")
  stopping = true
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop)

/** The ports in use, as soon as the proxy has written them; undefined when it has ended instead. */
const listening = async (): Promise<Record<string, number> | undefined> => {
  while (proxy.exitCode === null && proxy.signalCode === null) {
    const text = await readFile(portsFile, "utf8").catch(() => "")
    if (text !== "") return JSON.parse(text)
    await Bun.sleep(20)
  }
  return undefined
}

const line = (command: string, meaning: string): string => `  ${command.padEnd(66)} # ${meaning}`

try {
  const ports = await listening()
  if (ports !== undefined) {
    const outbound = `127.0.0.1:${ports["out"]}`
    const program = calledAs(undefined, executable)
    const admin = ports["admin"] === 4100 ? "" : ` --admin-port ${ports["admin"]}`
    console.log(`
A workload listens on 127.0.0.1:${workloadPort}, Pillion in front of it. Paste these into another terminal:

${line(`curl http://127.0.0.1:${ports["in"]}/inbound`, "inbound, opaque TCP: on to the workload")}
${line(`curl -x http://${outbound} http://hello.demo/forward`, "outbound, plain HTTP: note the Via")}
${line(`curl -p -x http://${outbound} http://hello.demo/tunnel`, "outbound, a CONNECT tunnel")}
${line(`curl -x socks5h://${outbound} http://hello.demo/socks5`, "the same port speaks SOCKS5,")}
${line(`curl -x socks4a://${outbound} http://hello.demo/socks4a`, "SOCKS4 and SOCKS4a too")}
${line(`curl http://127.0.0.1:${ports["health"]}/readyz`, "health, for probes")}

Watch it meanwhile, from this folder:

${line(`${program} top${admin}`, "rates, latency, destinations, live; q quits")}
${line(`${program} tap${admin} 'host ~ hello'`, "each request and connection as it ends")}
${line(`http://127.0.0.1:${ports["admin"]}/`, "the same as a page, in a browser")}

Ctrl-C ends all of it.
`)
  }
  process.exitCode = await proxy.exited
} finally {
  proxy.kill("SIGKILL")
  workload.close()
  await rm(folder, { recursive: true, force: true })
}
process.exit()
