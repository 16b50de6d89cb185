import { afterAll, beforeAll, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"

import { noteOf, oldNodeNote } from "../../../src/cli/run/old-node.ts"

test.each(["v18.20.8", "v20.20.2", "v22.20.9", "v23.11.0"])("%s reads no proxy variables", (version) => {
  expect(noteOf(version)).toStartWith(`Node.js ${version.slice(1)} reads no proxy variables, so its requests go past`)
})

test.each(["v22.21.0", "v22.22.1", "v24.0.0", "v26.1.0", "", "24", "v1"])("%p is not warned of", (version) => {
  expect(noteOf(version)).toBeUndefined()
})

let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pillion-node-"))
  const script = (name: string, text: string): void => {
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), 0o755)
  }
  script("node", '#!/bin/sh\n[ "$1" = --version ] && [ -z "$NODE_OPTIONS" ] && echo v20.1.0\n')
  script("npm", "#!/usr/bin/env node\n")
  script("cli", `#!${join(folder, "node")} --flag\n`)
  script("strict", "#!/usr/bin/env -S node --flag\n")
  script("other", "#!/bin/sh\nnode --version\n")
  script("binary", "\x7fELF")
  symlinkSync("/bin/true", join(folder, "nodejs"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const note = (command: ReadonlyArray<string>, more: Record<string, string> = {}): Promise<string | undefined> =>
  Effect.runPromise(oldNodeNote(command, { PATH: folder, NODE_USE_ENV_PROXY: "1", ...more }))

test("Node.js is known by its name, by a script's first line, and by env(1)", async () => {
  for (const program of ["node", "npm", "cli", "strict", join(folder, "npm")]) {
    expect([program, await note([program, "app.js"])]).toEqual([program, noteOf("v20.1.0")])
  }
  expect(await note(["node"], { NODE_OPTIONS: "--require ./mine.js" })).toBe(noteOf("v20.1.0"))
})

test("other programs are not asked, nor is a Node.js that nobody told of the proxy, or that has its agent", async () => {
  for (const program of ["other", "binary", "nodejs", "missing", ""]) expect(await note([program])).toBeUndefined()
  expect(await note(["node"], { NODE_USE_ENV_PROXY: "" })).toBeUndefined()
  expect(await note(["node", "--require", "global-agent/bootstrap", "app.js"])).toBeUndefined()
  expect(await note(["npm", "start"], { NODE_OPTIONS: "--require global-agent/bootstrap" })).toBeUndefined()
})
