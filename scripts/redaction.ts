/**
 * Redaction: the tables of names and shapes as Markdown.
 */
import { plainNames, secretNames, type NameMatch } from "../src/capture/redact/names.ts"
import { shapeNames, shapes } from "../src/capture/redact/shapes/shape-table.ts"
import { prefixes } from "../src/capture/redact/shapes/shapes.ts"
import { markdownCode as code, markdownTable } from "../src/cli/help/markdown.ts"

const matches: { readonly [match in NameMatch]: string } = {
  whole: "the whole name",
  ending: "these words in a name, or the end of one of its words",
  words: "these words in a name",
  query: "the whole name, in a query only",
}

const listOf = (names: ReadonlyArray<string>): string => names.map(code).join(", ")

/** A row for each way to compare names, and one for those that are no secrets. */
export const namesMarkdown = (): string =>
  markdownTable(
    ["what is compared", "names"],
    [
      ...Object.entries(matches).map(([match, what]) => [
        what,
        listOf(secretNames.filter((row) => row.match === match).map(({ name }) => name)),
      ]),
      ["the last words of a name: never a secret", listOf(plainNames)],
    ],
  )

export const shapesMarkdown = (): string =>
  markdownTable(
    ["shape", "what", "known by", "by default"],
    shapeNames.map((name) => {
      const texts = prefixes.filter((each) => each.name === name).map(({ text }) => text)
      const { what, known, on } = shapes[name]
      return [code(name), what, texts.length === 0 ? known : `${known}: ${listOf(texts)}`, on ? "on" : "off"]
    }),
  )
