/** The commands that read records, as a person types them: from files and through pipes. */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { build } from "../../scripts/build.ts"
import { charge, chat, makeExchange } from "../support/capture-records.ts"
import { pillion } from "../support/pillion.ts"
import { runCommand } from "../support/process.ts"

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
    const many = Array.from({ length: 2000 }, () => lines).join("")
    await Bun.write(join(folder, "many.jsonl"), many)
    const script = `"$1" export har --from "$2" | head -c 100`
    const ran = await runCommand(["sh", "-c", script, "sh", executable, join(folder, "many.jsonl")])
    expect(ran).toMatchObject({ code: 0, stderr: "" })
    expect(ran.stdout).toStartWith('{"log":{"version":"1.2"')
    const whole = await pillion(["export", "har", "--from", join(folder, "many.jsonl")], { milliseconds: 20_000 })
    expect(JSON.parse(whole.stdout).log.entries).toHaveLength(6000)
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
