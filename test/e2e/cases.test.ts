/** Records that are saved as cases, and saved again from another capture: what a reviewer is shown of it by git. */
import { expect } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { type HttpOrigin, httpOrigin, ok } from "../support/origins.ts"
import { pillion, startPillion } from "../support/pillion.ts"
import { curl, runCommand } from "../support/process.ts"
import { needs } from "../support/needs.ts"
import { eventually } from "../support/within.ts"

/** A shop whose answers have an id and a time of their own, and one that counts. */
const shop = (): Promise<HttpOrigin> => {
  let orders = 880
  return httpOrigin(({ line }) => {
    const body = line.startsWith("POST")
      ? { order: ++orders, at: new Date().toISOString(), ref: crypto.randomUUID() }
      : { status: "open", lines: [1, 2, 3] }
    return ok(JSON.stringify(body), "Content-Type: application/json", `X-Request-Id: ${crypto.randomUUID()}`)
  })
}

/** Captures the same requests by a proxy of its own, which has a key of its own, and saves them. */
const captureAndSave = async (shopPort: number, payPort: number, folder: string): Promise<string> => {
  const env = { XDG_RUNTIME_DIR: folder }
  const flags = [`--proxy-port=${shopPort}`, "--proxy-host=127.0.0.1", "--capture=memory"]
  await using running = await startPillion({ flags, env })
  const host = ["-H", "Host: shop.test"]
  const inbound = `http://127.0.0.1:${running.ports.in}`
  const secret = ["-H", "Authorization: Bearer very-secret-indeed"]
  await curl(...host, ...secret, "--json", `{"sku":7,"at":"${new Date().toISOString()}"}`, `${inbound}/orders`)
  await curl(...host, `${inbound}/orders/881`)
  await curl(...host, `${inbound}/orders/881`)
  await curl(...host, "--json", '{"sku":8}', `${inbound}/orders`)
  const proxy = ["--proxy", `http://127.0.0.1:${running.ports.out}`]
  await curl(...proxy, "-H", "Host: pay.test", "--json", '{"amount":2000}', `http://127.0.0.1:${payPort}/v1/charges`)
  const words = (...more: ReadonlyArray<string>) => [...more, `--admin-port=${running.ports.admin}`]
  const count = async () => (await pillion(words("ls", "--json"), { env })).stdout.split("\n").length - 1
  await eventually(count, 5, "records")
  const { code, stdout, stderr } = await pillion(words("save", "--to", "cases"), { env, cwd: folder })
  expect([code, stderr]).toEqual([0, ""])
  return stdout
}

needs("curl", "git")(
  "saved again from a second capture, the files stay, and only values that changed are in the diff",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
    const git = async (...words: ReadonlyArray<string>): Promise<string> => {
      const identity = ["-c", "user.name=t", "-c", "user.email=t@t.invalid", "-c", "core.autocrlf=false"]
      const { code, stdout, stderr } = await runCommand(["git", ...identity, ...words], {
        cwd: join(folder, "cases"),
        env: { HOME: folder },
      })
      expect([words, code, stderr]).toEqual([words, 0, ""])
      return stdout
    }
    try {
      using orders = await shop()
      using pay = await shop()
      expect(await captureAndSave(orders.port, pay.port, folder)).toBe("cases: 5 new, 0 changed, 0 as they were\n")
      await git("init", "--quiet")
      await git("add", ".")
      await git("commit", "--quiet", "-m", "first")
      expect(await captureAndSave(orders.port, pay.port, folder)).toBe("cases: 0 new, 5 changed, 0 as they were\n")
      expect((await git("status", "--porcelain")).split("\n").filter((line) => !line.startsWith(" M "))).toEqual([""])
      const changed = (await git("diff", "--unified=0")).split("\n").filter((line) => /^[+-](?![+-]{2} )/.test(line))
      const values =
        /^.(?:started: |took: |## \d+ after |X-Request-Id: |Authorization: Bearer tok_|Host: 127|Via: |  "(?:order|at|ref)": |\{ "sku": 7, "at": )/
      expect(changed.filter((line) => !values.test(line))).toEqual([])
      expect(changed.length).toBeGreaterThan(20)
      // Line for line: nothing came, and nothing is gone.
      const signs = (sign: string): number => changed.filter((line) => line.startsWith(sign)).length
      expect(signs("+")).toBe(signs("-"))
      expect(await pillion(["lint", join(folder, "cases")])).toMatchObject({ stdout: "5 cases, no errors\n", code: 0 })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
  60_000,
)

needs("curl")(
  "cases hold no secret that was sent",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
    try {
      using orders = await shop()
      using pay = await shop()
      await captureAndSave(orders.port, pay.port, folder)
      const { stdout } = await runCommand(["grep", "-r", "very-secret-indeed", join(folder, "cases")])
      expect(stdout).toBe("")
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
  60_000,
)
