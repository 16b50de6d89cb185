/**
 * Demo: a dual proxy in front of a small workload, on the documented ports, with curl lines to paste.
 *
 * The workload answers with the request as it arrived, so that what a proxy adds (Via) or keeps is there to see.
 */
import { createServer } from "node:http"
import { build } from "./build.ts"
import { install } from "./steps.ts"

const workloadPort = 8080

await install()
const executable = await build((line) => console.log(`── ${line}`))

const workload = createServer((request, response) => {
  const fields: Array<string> = []
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    fields.push(`  ${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`)
  }
  const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`
  response.setHeader("Content-Type", "text/plain; charset=utf-8")
  response.end(`Hello from the workload. This is what reached it:\n\n  ${line}\n${fields.join("\n")}\n`)
})

// Listens with a promise, not a callback: a port in use must be one clear line.
const listening = await new Promise<Error | undefined>((resolve) => {
  workload.once("error", resolve)
  workload.listen(workloadPort, "127.0.0.1", () => resolve(undefined))
})
if (listening !== undefined) {
  console.error(`pillion: the demo's workload cannot listen on 127.0.0.1:${workloadPort}: ${listening.message}`)
  process.exit(69)
}

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

let stopping = false
const stop = (): void => {
  if (stopping) return
  stopping = true
  proxy.kill("SIGTERM")
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop)

const ready = async (): Promise<boolean> => {
  while (proxy.exitCode === null && proxy.signalCode === null) {
    const answer = await fetch("http://127.0.0.1:4145/readyz", { proxy: "" }).catch(() => undefined)
    if (answer?.status === 200) return true
    await Bun.sleep(50)
  }
  return false
}

if (await ready()) {
  console.log(`
A workload listens on 127.0.0.1:${workloadPort}, Pillion in front of it. Paste these into another terminal:

  curl http://127.0.0.1:4143/inbound                                 # inbound, opaque TCP: on to the workload
  curl -x http://127.0.0.1:4140 http://hello.demo/forward            # outbound, plain HTTP: note the Via
  curl -p -x http://127.0.0.1:4140 http://hello.demo/tunnel          # outbound, a CONNECT tunnel
  curl -x socks5h://127.0.0.1:4140 http://hello.demo/socks5          # the same port speaks SOCKS5,
  curl -x socks4a://127.0.0.1:4140 http://hello.demo/socks4a         # SOCKS4 and SOCKS4a too
  curl http://127.0.0.1:4145/readyz                                  # health, for probes

Ctrl-C ends all of it.
`)
}
const code = await proxy.exited
workload.close()
process.exit(code)
