/** `pillion record -- CMD`: what a program sends is in captures/ when it has ended, and what is there is said. */
import { afterEach, beforeEach, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { readDirectory } from "../../src/capture/directory/read-directory.ts"
import { httpOrigin, ok } from "../support/origins.ts"
import { pillion } from "../support/pillion.ts"

let folder = ""
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "pillion-record-"))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const ports = ["--proxy-type=forward", "--proxy-out-port=0", "--health-port=0", "--admin-port=0", "--access-log=false"]

/** Has loopback go through the proxy as well. */
const withoutExceptions = ["env", "-u", "NO_PROXY", "-u", "no_proxy"]

/** Runs a script of Bun's with the proxy beside it, in a folder of its own. */
const record = (script: string, ...flags: ReadonlyArray<string>) =>
  pillion(["record", ...ports, ...flags, "--", ...withoutExceptions, process.execPath, "-e", script], {
    cwd: folder,
    env: { XDG_RUNTIME_DIR: folder },
    milliseconds: 20_000,
  })

const linesOf = async (path: string): Promise<ReadonlyArray<string>> => {
  const result = await readDirectory(path)
  if ("problem" in result) throw new Error(result.problem)
  return Array.fromAsync(result.reading.lines)
}

const messages = (stderr: string) =>
  stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

const ask = (url: string, body?: string): string =>
  `const answer = await fetch("${url}", { method: "POST", body: ${JSON.stringify(body ?? "")} }); await answer.text()`

test("records are whole, with bodies larger than a capture keeps otherwise; the exit code is the program's", async () => {
  using origin = await httpOrigin(() => ok("x".repeat(1_000_000), "Content-Type: text/plain"))
  const { code, stderr } = await record(`${ask(`http://${origin.authority}/orders`)}; process.exit(7)`)
  expect(code).toBe(7)
  const lines = await linesOf(join(folder, "captures"))
  expect(lines).toHaveLength(1)
  const { request, response, truncated } = JSON.parse(lines[0]!)
  expect(request.line.target).toEndWith("/orders")
  expect(response.body.text).toHaveLength(1_000_000)
  expect(truncated).toBeUndefined()
  const said = messages(stderr).at(-1)
  expect(said).toMatchObject({
    level: "info",
    message: "recorded",
    records: 1,
    capture: "captures",
    next: "pillion ls --from captures",
  })
})

test("what was cut is warned of by its id; a flag is stronger than what the command sets", async () => {
  using origin = await httpOrigin(() => ok("x".repeat(5000), "Content-Type: text/plain"))
  const { code, stderr } = await record(ask(`http://${origin.authority}/`), "--capture=other", "--capture-body=1KiB")
  expect(code).toBe(0)
  const [line] = await linesOf(join(folder, "other"))
  const { id, truncated } = JSON.parse(line!)
  expect(truncated).toEqual(["response.body"])
  expect(messages(stderr).at(-1)).toMatchObject({
    level: "warn",
    message: "records were cut, and can be neither replayed nor served",
    records: 1,
    ids: id.slice(-6),
  })
})

test("where nothing passed it says so", async () => {
  const { code, stderr } = await record("")
  expect(code).toBe(0)
  expect(messages(stderr).at(-1)).toMatchObject({ level: "warn", capture: "captures" })
})
