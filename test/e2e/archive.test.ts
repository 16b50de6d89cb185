/** What was captured, as an HTTP Archive: others read in it what passed. */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { unusedPort } from "../../scripts/unused-port.ts"
import { validateArchive } from "../support/archives.ts"
import { exhibits, gallery } from "../support/gallery.ts"
import { readResponse } from "../support/http.ts"
import { type ListedFlow, listedByMitmdump } from "../support/mitmdump.ts"
import { needs } from "../support/needs.ts"
import { rawConnect } from "../support/peer.ts"
import { type Pillion, pillion, startPillion } from "../support/pillion.ts"
import { runCommand } from "../support/process.ts"
import { eventually } from "../support/within.ts"

/** Exchanges of each kind in each direction. */
const ofEach = 16
const pipelined = 10

/** Sends each kind `ofEach` times by curl, to `base`, and ten pipelined ones; all that has to be in the archive. */
const send = async (base: string, proxy: ReadonlyArray<string>, port: number): Promise<ReadonlyArray<ListedFlow>> => {
  const sent: Array<ListedFlow> = []
  for (const { path, words, method, status, sent: out, received } of exhibits) {
    const url = `${base}/${path}/[1-${ofEach}]?q=1`
    const command = ["curl", "--silent", "--max-time", "20", "--expect100-timeout", "0.05", "--output", "/dev/null"]
    await runCommand([...command, ...proxy, ...words, url], { milliseconds: 30_000 })
    for (let i = 1; i <= ofEach; i++) {
      sent.push({ method, url: `${base}/${path}/${i}?q=1`, status, sent: out, received })
    }
  }
  const host = base.replace("http://", "")
  const targets = Array.from({ length: pipelined }, (_, i) => `/plain/pipelined-${i}`)
  using client = await rawConnect(port)
  const origin = proxy.length === 0 ? "" : base
  client.send(targets.map((target) => `GET ${origin}${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`).join(""))
  for (const target of targets) {
    const { body } = await readResponse(client)
    sent.push({ method: "GET", url: base + target, status: 200, sent: 0, received: body.length })
  }
  return sent
}

const listOf = (flows: ReadonlyArray<ListedFlow>): ReadonlyArray<string> =>
  flows.map(({ method, url, status, sent, received }) => `${method} ${url} ${status} ${sent} ${received}`).toSorted()

const archiveOf = async (running: Pillion, env: Record<string, string>): Promise<string> => {
  const words = ["export", "har", `--admin-port=${running.ports.admin}`]
  const { code, stdout, stderr } = await pillion(words, { env, milliseconds: 30_000 })
  expect([code, stderr]).toEqual([0, ""])
  return stdout
}

/** How many exchanges the archive of the running proxy has. */
const countOf = async (running: Pillion, env: Record<string, string>): Promise<number> => {
  const { stdout } = await pillion(["ls", "--json", `--admin-port=${running.ports.admin}`], { env })
  return stdout.split("\n").length - 1
}

for (const kind of ["memory", "directory"] as const) {
  needs("curl", "mitmdump")(
    `everything that passed both ways and was captured to ${kind} is a valid archive, in which mitmdump reads the same`,
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
      const env = { XDG_RUNTIME_DIR: folder }
      try {
        using workload = await gallery()
        using origin = await gallery()
        const nobody = `http://127.0.0.1:${unusedPort()}`
        const capture = kind === "memory" ? "memory" : join(folder, "captures")
        const flags = [`--proxy-port=${workload.port}`, "--proxy-host=127.0.0.1", `--capture=${capture}`]
        await using running = await startPillion({ flags, env })
        const inbound = await send(`http://127.0.0.1:${running.ports.in}`, [], running.ports.in)
        const proxy = ["--proxy", `http://127.0.0.1:${running.ports.out}`]
        const outbound = await send(`http://127.0.0.1:${origin.port}`, proxy, running.ports.out)
        await runCommand(["curl", "--silent", ...proxy, `${nobody}/refused`])
        const refused: ListedFlow = { method: "GET", url: `${nobody}/refused`, status: 0, sent: 0, received: 0 }
        const expected = [...inbound, ...outbound, refused]
        expect(inbound.length).toBeGreaterThanOrEqual(200)
        await eventually(() => countOf(running, env), expected.length, "records", 20_000)
        const text = await archiveOf(running, env)
        await validateArchive(text)
        const path = join(folder, "all.har")
        await Bun.write(path, text)

        expect(listOf(await listedByMitmdump(path))).toEqual(listOf(expected))
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    120_000,
  )
}

test("what is no archive is not taken for one", async () => {
  expect(
    validateArchive('{"log":{"version":"1.2","creator":{"name":"a","version":"1"},"entries":[{}]}}'),
  ).rejects.toThrow("no HAR 1.2")
})
