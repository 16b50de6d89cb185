/** The threat model names tests: each of them must be there, and every threat must have its paragraph. */
import { expect, test } from "bun:test"
import { join } from "node:path"

const root = join(import.meta.dir, "../..")

/** `file` "name", which may be the beginning or another part of a longer name. */
const reference = /`([\w./-]+\.test\.ts)` "([^"]+)"/g

/** What is written as the name of a test, or of a group of tests, in a source. */
const written = /(?:\b(?:test|describe)|\))\(\s*(["`])((?:\\.|(?!\1).)*)\1/gs

const namesIn = async (path: string): Promise<ReadonlyArray<string>> => {
  const file = Bun.file(path)
  const source = (await file.exists()) ? await file.text() : ""
  return [...source.matchAll(written)].map(([, , name = ""]) => name)
}

test("every test that the threat model names is there", async () => {
  const text = await Bun.file(join(root, "docs/threat-model.md")).text()
  const references = [...text.matchAll(reference)]
  expect(references.length).toBeGreaterThan(60)
  const missing: Array<string> = []
  for (const [all, path = "", name = ""] of references) {
    const names = await namesIn(join(root, "test", path))
    if (!names.some((each) => each.includes(name))) missing.push(all)
  }
  expect(missing).toEqual([])
})

test("every threat has a paragraph, which names a test, says that it is not promised, or that it does not arise", async () => {
  const text = await Bun.file(join(root, "docs/threat-model.md")).text()
  const paragraphs = [...text.matchAll(/^\*\*T(\d+) .*$/gm)]
  expect(paragraphs.map(([, number]) => Number(number))).toEqual(Array.from({ length: 28 }, (_, i) => i + 1))
  for (const [paragraph] of paragraphs) expect(paragraph).toMatch(/\.test\.ts` "|Not promised|Does not arise/)
})
