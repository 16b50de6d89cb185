/**
 * Docs: puts the lists that the code has into the documents that show them. With `--check` it changes nothing and
 * fails where a document is behind.
 */
import { join } from "node:path"

import { optionsMarkdown } from "../src/cli/help/help.ts"
import {
  annotationsMarkdown,
  commandsMarkdown,
  environmentMarkdown,
  exitCodesMarkdown,
  refusalsMarkdown,
  withoutEffectMarkdown,
} from "../src/cli/help/reference.ts"
import { metricsMarkdown } from "../src/observe/metrics/metrics-table.ts"
import { clientsMarkdown, documentMarkdown, waysMarkdown } from "../test/recipes/markdown.ts"
import { limitsMarkdown } from "./limits.ts"
import { namesMarkdown, shapesMarkdown } from "./redaction.ts"

const root = join(import.meta.dir, "..")

/** Each list: the document that shows it, the name of its marks there, and what makes it. */
const lists: ReadonlyArray<readonly [document: string, name: string, make: () => string]> = [
  ["docs/metrics.md", "metrics", metricsMarkdown],
  ["docs/reference.md", "commands", commandsMarkdown],
  ["docs/reference.md", "options", optionsMarkdown],
  ["docs/reference.md", "environment", environmentMarkdown],
  ["docs/reference.md", "annotations", annotationsMarkdown],
  ["docs/reference.md", "without-effect", withoutEffectMarkdown],
  ["docs/reference.md", "exit-codes", exitCodesMarkdown],
  ["docs/reference.md", "refusals", refusalsMarkdown],
  ["docs/reference.md", "metrics", metricsMarkdown],
  ["docs/operations.md", "limits", limitsMarkdown],
  ["docs/redaction.md", "names", namesMarkdown],
  ["docs/redaction.md", "shapes", shapesMarkdown],
  ["docs/clients.md", "clients", clientsMarkdown],
  ["docs/clients.md", "ways", waysMarkdown],
  ["docs/clients.md", "document", documentMarkdown],
]

/** The document with what stands between `<!-- name: ... -->` and `<!-- /name -->` replaced. */
const replaced = (text: string, name: string, list: string): string => {
  const start = text.indexOf("-->", text.indexOf(`<!-- ${name}:`)) + 3
  const end = text.indexOf(`<!-- /${name} -->`)
  if (start < 3 || end < start) throw new Error(`no place for ${name}`)
  return `${text.slice(0, start)}\n\n${list.trim()}\n\n${text.slice(end)}`
}

/** Documents that are not what the code says; written unless `check`. */
export const updateDocs = async (check: boolean): Promise<ReadonlyArray<string>> => {
  const behind: Array<string> = []
  for (const [document, name, make] of lists) {
    const file = Bun.file(join(root, document))
    const before = await file.text()
    const after = replaced(before, name, make())
    if (after === before) continue
    behind.push(document)
    if (!check) await file.write(after)
  }
  return behind
}

if (import.meta.main) {
  const check = process.argv.includes("--check")
  const behind = await updateDocs(check)
  if (behind.length > 0) console.log(`${check ? "behind: " : "written: "}${behind.join(", ")}`)
  if (check && behind.length > 0) process.exit(1)
}
