import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Result from "effect/Result"
import { portsText, runningPort } from "../../../src/cli/running/ports.ts"
import { settingsOf } from "../../support/settings.ts"

/** What is found for each listener in a ports file with this content. */
const found = async (content: string) => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-ports-"))
  try {
    const file = join(folder, "ports.json")
    await Bun.write(file, content)
    const flags = {
      "proxy-in-port": "0",
      "proxy-out-port": "0",
      "health-port": "0",
      "admin-port": "0",
      "ports-file": file,
    }
    const settings = settingsOf({ flags })
    return (["in", "out", "health", "admin"] as const).map((name) =>
      Result.match(runningPort(settings, name), { onSuccess: String, onFailure: (why) => why.replace(folder, "") }),
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

test("the ports file that is written is the one that is read", async () => {
  expect(await found(portsText({ in: 1, out: 2, health: 3, admin: 65535 }))).toEqual(["1", "2", "3", "65535"])
})

const none = (name: string) => `ports-file "/ports.json" names no port for ${JSON.stringify(name)}`

test("a listener that does not run, and a file of something else, name no port", async () => {
  const all = ["in", "out", "health", "admin"].map(none)
  expect(await found(portsText({ in: 1, out: 0, health: 3, admin: 4 }))).toEqual(["1", none("out"), "3", "4"])
  for (const content of ["", "null", "[]", "7", '"text"', '{"in":1', '{"in":"x","out":70000,"health":1.5}']) {
    expect(await found(content)).toEqual(all)
  }
})

test("a port that the settings name is taken from them, and no file is read", () => {
  const settings = settingsOf({ flags: { "health-port": "9000", "ports-file": "/does/not/exist" } })
  expect(runningPort(settings, "health")).toEqual(Result.succeed(9000))
})
