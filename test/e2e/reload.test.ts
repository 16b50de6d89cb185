/** SIGHUP: what may change changes at once, what may not is named in a warning, and a mistake changes nothing. */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ask, openTunnel } from "../support/clients.ts"
import { readResponse } from "../support/http.ts"
import { echo, httpOrigin } from "../support/origins.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { eventually } from "../support/within.ts"

/** A configuration file that a test may rewrite. */
const configFile = async (first: string) => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  const path = join(folder, "config.yaml")
  await Bun.write(path, first)
  return {
    path,
    write: (text: string) => Bun.write(path, text),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

const outcome = async (pillion: Pillion, port: number): Promise<number | undefined> => {
  using client = await rawConnect(pillion.ports.out)
  return await ask(client, "connect", "127.0.0.1", port)
}

test("destinations change at once, and open tunnels stay", async () => {
  await using config = await configFile("deny-destinations: []\n")
  using server = await echo()
  await using pillion = await startPillion({ flags: [`--config=${config.path}`] })
  using tunnel = await openTunnel("connect", pillion.ports.out, server.port)
  await config.write("deny-destinations: [127.0.0.0/8]\n")
  pillion.reload()
  await eventually(() => outcome(pillion, server.port), 403, "the answer")
  tunnel.send("still open")
  await tunnel.expect("still open")
  await config.write("deny-destinations: []\n")
  pillion.reload()
  await eventually(() => outcome(pillion, server.port), undefined, "the answer")
})

test("what the access log writes changes at once, and a filter that is none changes nothing", async () => {
  await using config = await configFile("access-log-filter: path:/a\n")
  using server = await httpOrigin()
  await using pillion = await startPillion({ flags: [`--config=${config.path}`] })
  const get = (path: string) =>
    fetch(`http://${server.authority}${path}`, { proxy: `http://127.0.0.1:${pillion.ports.out}` })
  await get("/b")
  await get("/a")
  await pillion.waitForLog(({ path }) => path === "/a")
  await config.write("access-log-filter: hsot:api\n")
  pillion.reload()
  const why = await pillion.stderr.until((line) => (line.includes("not reloaded") ? line : undefined), "the refusal")
  expect(why).toContain('asks for \\"hsot\\" at character 1; did you mean host?')
  await config.write("access-log-filter: path:/b\n")
  pillion.reload()
  await pillion.stderr.until((line) => line.includes('"changed":"access-log-filter"') || undefined, "the change")
  await get("/a")
  await get("/b")
  await pillion.waitForLog(({ path }) => path === "/b")
  expect(pillion.log.map(({ path }) => path)).toEqual(["/a", "/b"])
})

test("a change that needs a restart is named in a warning and waits", async () => {
  await using config = await configFile("proxy-protocol: http\n")
  using server = await echo()
  await using pillion = await startPillion({ flags: [`--config=${config.path}`] })
  await config.write("proxy-protocol: socks\n")
  pillion.reload()
  await pillion.stderr.until(
    (line) => /proxy-protocol.*restart|restart.*proxy-protocol/.test(line) || undefined,
    "warning",
  )
  expect(await outcome(pillion, server.port)).toBeUndefined()
})

test("a file that has become wrong is refused in words, and everything stays as it was", async () => {
  await using config = await configFile("deny-destinations: [127.0.0.0/8]\n")
  using server = await echo()
  await using pillion = await startPillion({ flags: [`--config=${config.path}`] })
  await config.write("deny-destinatons: []\n")
  pillion.reload()
  await pillion.stderr.until((line) => line.includes("deny-destinatons") || undefined, "refusal")
  expect(await outcome(pillion, server.port)).toBe(403)
})

const get = async (client: Peer, path: string): Promise<void> => {
  client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await readResponse(client)
}

test("whether HTTP is read as it passes changes for new connections", async () => {
  await using config = await configFile("follow-http: false\n")
  using workload = await httpOrigin()
  const flags = [`--config=${config.path}`, `--proxy-port=${workload.port}`, "--proxy-host=127.0.0.1"]
  await using pillion = await startPillion({ flags })
  using before = await rawConnect(pillion.ports.in)
  await get(before, "/before")
  await config.write("follow-http: true\n")
  pillion.reload()
  await pillion.stderr.until((line) => (line.includes("reloaded") ? true : undefined), "news of the reload")
  await get(before, "/still-before")
  before.end()
  await before.readToEnd()
  using after = await rawConnect(pillion.ports.in)
  await get(after, "/after")
  await pillion.waitForLog(({ path }) => path === "/after")
  expect(pillion.log.map(({ path }) => path)).toEqual([undefined, "/after"])
})
