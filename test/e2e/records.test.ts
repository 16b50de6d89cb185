/** The commands that read records, as a person types them: from files, through pipes, and from a running proxy. */
import { expect, setDefaultTimeout, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { build } from "../../scripts/build.ts"
import { charge, chat, makeExchange } from "../support/capture-records.ts"
import { readResponse } from "../support/http.ts"
import { httpOrigin, ok } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { pillion, startPillion } from "../support/pillion.ts"
import { runCommand } from "../support/process.ts"
import { eventually } from "../support/within.ts"

/** Each test starts the executable a dozen times, the first of a run builds it. */
setDefaultTimeout(60_000)

const records = [charge, chat, makeExchange()]
const lines = records.map((record) => `${JSON.stringify(record)}\n`).join("")

/** A folder with a file of records in it. */
const withRecords = async (use: (folder: string, file: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  try {
    await Bun.write(join(folder, "records.jsonl"), lines)
    await use(folder, join(folder, "records.jsonl"))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test("records of a file are listed, found, shown, compared, exported, saved and checked", () =>
  withRecords(async (folder, file) => {
    const from = ["--from", file]
    const out = async (...words: ReadonlyArray<string>): Promise<string> => {
      const { code, stdout, stderr } = await pillion(words, { cwd: folder })
      expect([words, code, stderr]).toEqual([words, 0, ""])
      return stdout
    }
    expect((await out("ls", ...from)).split("\n")).toHaveLength(5)
    expect(await out("ls", "status:201", "ms:100..", ...from)).toContain("7c11e4")
    expect(await out("ls", "--tree", ...from)).toContain("└▶  POST pay.example/v1/charges")
    expect(await out("search", "hello", ...from)).toStartWith("00c4a7 inbound WS shop.test/chat 101\n")
    expect(await out("show", "7c11e4", ...from)).toStartWith("7c11e4  POST https://pay.example/v1/charges")
    expect(await out("show", "7c11e4", "--body=response", ...from)).toBe(charge.response!.body!.text!)
    expect(await out("show", "7c11e4", "--json", ...from)).toBe(`${JSON.stringify(charge)}\n`)
    expect(await out("diff", "7c11e4", "77b0aa", ...from)).toContain("request.method")
    expect(JSON.parse(await out("export", "har", ...from)).log.entries).toHaveLength(3)
    expect(await out("export", "curl", "direction:outbound", ...from)).toContain("\ncurl ")
    expect(await out("redact", "--test", ...from)).toContain("request.headers.authorization")
    expect(await out("save", "--to", "cases", ...from)).toBe("cases: 3 new, 0 changed, 0 as they were\n")
    expect(await out("lint", "cases")).toBe("3 cases, no errors\n")
  }))

test("records come through a pipe, and what is not read any more ends it quietly", () =>
  withRecords(async (folder, file) => {
    const executable = await build()
    expect(await pillion(["ls", "--from", "-", "--json"], { stdin: lines })).toMatchObject({ code: 0, stderr: "" })
    const many = Array.from({ length: 500 }, () => lines).join("")
    await Bun.write(join(folder, "many.jsonl"), many)
    const script = `"$1" export har --from "$2" | head -c 100`
    const ran = await runCommand(["sh", "-c", script, "sh", executable, join(folder, "many.jsonl")])
    expect(ran).toMatchObject({ code: 0, stderr: "" })
    expect(ran.stdout).toStartWith('{"log":{"version":"1.2"')
    const whole = await pillion(["export", "har", "--from", join(folder, "many.jsonl")], { milliseconds: 20_000 })
    expect(JSON.parse(whole.stdout).log.entries).toHaveLength(1500)
    expect(await pillion(["show", "7c11e4", "--raw", "response", "--from", file])).toMatchObject({ code: 0 })
  }))

test("what is wrong ends with the code that the contract has for it, and one line", () =>
  withRecords(async (folder, file) => {
    const home = { env: { HOME: "/dwelling" } }
    const cases: ReadonlyArray<readonly [words: ReadonlyArray<string>, code: number, said: string]> = [
      [["ls", "--tre"], 2, "unknown flag --tre; did you mean --tree?"],
      [
        ["ls", "status:6000..5", "--from", file],
        2,
        'the filter "status:6000..5" has a range that ends before it begins',
      ],
      [["ls", "host", "/dwelling", "api"], 2, "pillion ls 'host ~ api'"],
      [["ls", "--limit", "all", "--from", file], 2, '--limit does not know "all"'],
      [["show", "--from", file], 2, "show needs the end of an id"],
      [["show", "abcdef", "--from", file], 1, "no record has an id that ends with abcdef"],
      [["save", "--from", file], 2, "save needs a directory"],
      [["ls", "status:599", "--from", file], 1, "no record is let through"],
      [["ls", "--from", join(folder, "none")], 1, "none does not exist"],
      [["lint", join(folder, "none")], 1, "none does not exist"],
      [["ls", "--proxy-type", "x", "--from", file], 78, "proxy-type"],
      [["ls", "--admin-port", "1"], 1, "is the proxy running, with admin-port 1?"],
    ]
    for (const [words, code, said] of cases) {
      const ran = await pillion(words, home)
      expect([words, ran.code, ran.stdout]).toEqual([words, code, ""])
      expect(ran.stderr).toContain(said)
      expect(ran.stderr).toMatch(/^pillion: .*\n$/)
    }
  }))

test("of a running proxy calls stand below the request that caused them, and others are shown nothing", () =>
  withRecords(async (folder) => {
    using pay = await httpOrigin(() => ok('{"id":"ch_41"}', "Content-Type: application/json"))
    let outbound = 0
    using shop = await httpOrigin(async () => {
      using call = await rawConnect(outbound)
      call.send(`GET http://${pay.authority}/v1/charges?token=very-secret HTTP/1.1\r\nHost: ${pay.authority}\r\n\r\n`)
      const { body } = await readResponse(call)
      return ok(`charged: ${body}`)
    })
    const flags = [`--proxy-port=${shop.port}`, "--proxy-host=127.0.0.1", "--capture=memory"]
    await using running = await startPillion({ flags, env: { XDG_RUNTIME_DIR: folder } })
    outbound = running.ports.out
    using client = await rawConnect(running.ports.in)
    client.send("POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2\r\n\r\n{}")
    expect(await readResponse(client)).toMatchObject({ body: 'charged: {"id":"ch_41"}' })
    const on = `--admin-port=${running.ports.admin}`
    const ask = (words: ReadonlyArray<string>, runtime = folder) =>
      pillion([...words, on], { env: { XDG_RUNTIME_DIR: runtime }, cwd: folder })
    await eventually(async () => (await ask(["ls", "--json"])).stdout.split("\n").length - 1, 2, "records")
    const requests = (await ask(["ls", "--tree"])).stdout.split("\n").map((line) => line.slice(22))
    expect(requests[1]).toStartWith("in   POST shop.test/orders ")
    expect(requests[2]).toStartWith(` └▶  GET ${pay.authority}/v1/charges `)
    const [{ id = "" } = {}] = (await ask(["ls", "--json", "direction:outbound"])).stdout
      .split("\n")
      .map((line) => JSON.parse(line || "{}"))
    const { stdout } = await ask(["show", id])
    expect(stdout).toMatch(/^cause    [0-9a-f]{6}, by alone$/m)
    expect(stdout).toMatch(/^request\.query\.token  name  tok_[0-9a-f]{12}$/m)
    expect(stdout).not.toContain("very-secret")
    expect(
      (await ask(["search", "ch_41"])).stdout.split("\n").filter((line) => /^[0-9a-f]{6} /.test(line)),
    ).toHaveLength(2)
    const other = join(folder, "another-user")
    expect(await ask(["ls"], other)).toMatchObject({
      stdout: "",
      stderr: `pillion: the proxy with admin-port ${running.ports.admin} shows records to the user that runs it only: run this as that user\n`,
      code: 1,
    })
  }))

test("where nothing is captured, that is said", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  try {
    const env = { XDG_RUNTIME_DIR: folder }
    await using running = await startPillion({ env })
    expect(await pillion(["ls", `--admin-port=${running.ports.admin}`], { env })).toMatchObject({
      stdout: "",
      stderr:
        "pillion: the running proxy captures nothing: pillion capture on changes that\npillion: there is no record\n",
      code: 1,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
