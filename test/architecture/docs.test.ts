import { expect, test } from "bun:test"
import { join } from "node:path"

import { updateDocs } from "../../scripts/docs.ts"
import { limitsMarkdown } from "../../scripts/limits.ts"

const root = join(import.meta.dir, "../..")

test("lists in the documents are what the code says; `bun run docs` writes them", async () => {
  expect(await updateDocs(true)).toEqual([])
})

test("every row of the limits has an option or a constant, and each constant is the code's", async () => {
  const paths = Array.from(new Bun.Glob("src/**/*.ts").scanSync({ cwd: root }))
  const source = (await Promise.all(paths.map((path) => Bun.file(join(root, path)).text()))).join("\n")
  const rows = limitsMarkdown().trim().split("\n").slice(2)
  expect(rows.length).toBeGreaterThan(20)
  for (const row of rows) {
    const [option = "", constants = ""] = row.split(" | ").slice(-2)
    expect([row, /`/.test(option + constants)]).toEqual([row, true])
    for (const [, name = ""] of constants.matchAll(/`([^`]+)`/g)) {
      expect([name, new RegExp(`^export const ${name} = `, "m").test(source)]).toEqual([name, true])
    }
  }
})
