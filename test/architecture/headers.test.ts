/** Every file of src/ begins with its own name, in words, and what it is for. */
import { expect, test } from "bun:test"
import { basename, join } from "node:path"

const root = join(import.meta.dir, "../../src")

/** Files that begin otherwise, and how. */
const others: ReadonlyMap<string, string> = new Map([
  ["cli/completions/completions-bash.ts", "Completions for bash"],
  ["cli/completions/completions-fish.ts", "Completions for fish"],
  ["cli/completions/completions-zsh.ts", "Completions for zsh"],
  ["proxy/app.ts", "Pillion"],
])

/** The first words of a file: those of the comment that it begins with. */
const beginning = (text: string): string => /^\/\*\*\s+(?:\* )?(.*)/.exec(text)?.[1] ?? ""

/** Finds `Exit codes`, `Exit-codes` or `ExitCodes` for exit-codes.ts. */
const nameOf = (path: string): RegExp => {
  const words = basename(path).replace(/\.tsx?$/, "")
  return new RegExp(`^${words.replaceAll("-", "[ -]?")}\\b`, "i")
}

const wrong = (path: string, text: string): boolean => {
  const start = beginning(text)
  const other = others.get(path)
  return other === undefined ? !nameOf(path).test(start) : !start.startsWith(other)
}

test("a name is found in every spelling, and has to be whole", () => {
  expect(wrong("a/exit-codes.ts", "/**\n * Exit codes: which there are.\n */\n")).toBe(false)
  expect(wrong("a/exit-codes.ts", "/** Exit-codes: which there are. */\n")).toBe(false)
  expect(wrong("a/exit-codes.ts", "/** ExitCodes: which there are. */\n")).toBe(false)
  expect(wrong("proxy/app.ts", "/**\n * Pillion: START HERE.\n */\n")).toBe(false)
  expect(wrong("a/exit-codes.ts", "/**\n * Exit: which there are.\n */\n")).toBe(true)
  expect(wrong("a/exit.ts", "/** Exits: which there are. */\n")).toBe(true)
  expect(wrong("a/exit.ts", 'import "b"\n')).toBe(true)
})

test("every file begins with its name", async () => {
  const paths = [...new Bun.Glob("**/*.{ts,tsx}").scanSync({ cwd: root })].toSorted()
  expect(paths).toContain("main.ts")
  const found = await Promise.all(
    paths.map(async (path) => (wrong(path, await Bun.file(join(root, path)).text()) ? [path] : [])),
  )
  expect(found.flat()).toEqual([])
  expect([...others.keys()].filter((path) => !paths.includes(path))).toEqual([])
})
