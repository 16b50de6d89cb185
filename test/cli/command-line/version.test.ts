import { expect, test } from "bun:test"
import manifest from "../../../package.json" with { type: "json" }
import { version, versionJson, versionText } from "../../../src/cli/command-line/version.ts"

test("the version is that of package.json, with the Bun inside", () => {
  expect(versionText()).toStartWith(`pillion ${manifest.version} (`)
  expect(versionText()).toEndWith(`Bun ${Bun.version})\n`)
})

test("a known revision is named", () => {
  expect(versionText({ ...version, version: "1.2.3", revision: "abc123", bun: "1.4.5" })).toBe(
    "pillion 1.2.3 (revision abc123, Bun 1.4.5)\n",
  )
})

test("as JSON it is one object on one line", () => {
  const given = { name: "pillion", version: "1.2.3", revision: null, bun: "1.4.5" }
  expect(versionJson(given)).toBe('{"name":"pillion","version":"1.2.3","revision":null,"bun":"1.4.5"}\n')
})
