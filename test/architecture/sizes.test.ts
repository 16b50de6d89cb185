/** How large a folder, a file, a class and a function of src/ may be. To change a limit, change its constant. */
import { expect, test } from "bun:test"
import { dirname, join } from "node:path"

const root = join(import.meta.dir, "../..")

const maxFilesOfFolder = 20
const maxLinesOfFile = 350
const maxLinesOfClass = 300
const maxLinesOfFunction = 60

/** Files that are tables: a row more is no more to understand. */
const tables: ReadonlySet<string> = new Set([
  "cli/command-line/commands.ts",
  "config/options.ts",
  "observe/metrics/metrics-table.ts",
])

const paths = Array.from(new Bun.Glob("**/*.{ts,tsx}").scanSync({ cwd: join(root, "src") })).toSorted()

interface Block {
  readonly kind: "class" | "function"
  /** The number of its first line. */
  readonly line: number
  readonly lines: number
}

/** What begins as a block does and is neither a class nor a function. */
const other = /^\s*(?:[}*/?:]|(?:if|for|while|switch|try|do|else|return)\b)/
const classHead = /^\s*(?:export )?(?:abstract )?class\b/
const functionHead = /=> \{$|\bfunction\b.*\{$|\)(?:: [^={]+)? \{$/

/** The classes and functions of a file, by its layout: the formatter puts a block's last line below its first. */
const blocksOf = (text: string): ReadonlyArray<Block> => {
  // A text over several lines has its own layout.
  const lines = text.replaceAll(/`(?:\\.|[^`\\])*`/gs, (all) => all.replaceAll(/[^\n]/g, "")).split("\n")
  return lines.flatMap((head, at): ReadonlyArray<Block> => {
    const isClass = classHead.test(head) && head.endsWith("{")
    if (!isClass && (other.test(head) || !functionHead.test(head))) return []
    const indent = /^\s*/.exec(head)?.[0] ?? ""
    const length = lines.slice(at).findIndex((line, i) => i > 0 && line.startsWith(`${indent}}`)) + 1
    return [{ kind: isClass ? "class" : "function", line: at + 1, lines: length }]
  })
}

/** Everything in a file that is too large, in words. */
const tooLarge = (path: string, text: string): ReadonlyArray<string> => {
  const lines = text.split("\n").length - 1
  const file = lines > maxLinesOfFile && !tables.has(path) ? [`${path} has ${lines} lines`] : []
  const blocks = blocksOf(text)
    .filter(({ kind, lines }) => lines > (kind === "class" ? maxLinesOfClass : maxLinesOfFunction))
    .map(({ kind, line, lines }) => `${path}:${line}: a ${kind} of ${lines} lines`)
  return [...file, ...blocks]
}

const textOf = (path: string): Promise<string> => Bun.file(join(root, "src", path)).text()

test("classes and functions are found and measured: arrows, methods, generators, heads over several lines", () => {
  const text = [
    "export class A implements B {",
    "  constructor(readonly b: number) {",
    "    if (b > 0) {",
    "    }",
    "  }",
    "  get c(): number {",
    "    return `",
    "}`.length",
    "  }",
    "}",
    "const d = Effect.fnUntraced(function* (args) {",
    "})",
    "const e = (",
    "  f: number,",
    "): void => {",
    "  g((h) => {",
    "  })",
    "}",
    "const i: J = {",
    "}",
  ]
  expect(blocksOf(text.join("\n")).map(({ kind, line, lines }) => `${kind} ${line} ${lines}`)).toEqual([
    "class 1 10",
    "function 2 4",
    "function 6 4",
    "function 11 2",
    "function 15 4",
    "function 16 2",
  ])
})

test("no folder has too many files", () => {
  const counts = new Map<string, number>()
  for (const path of paths) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
  expect(counts.size).toBeGreaterThan(20)
  expect([...counts].filter(([, count]) => count > maxFilesOfFolder)).toEqual([])
})

test("no file, no class and no function is too long, but for tables", async () => {
  const wrong = await Promise.all(paths.map(async (path) => tooLarge(path, await textOf(path))))
  expect(wrong.flat()).toEqual([])
})

test("whatever is said to be a table is there", () => {
  for (const path of tables) expect(paths).toContain(path)
})
