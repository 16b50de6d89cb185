/**
 * Case files: the cases below a directory, read and written. Follows no link on its way down, and a file is whole or as it
 * was before.
 */
import { readFileSync, statSync } from "node:fs"
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import * as Result from "effect/Result"

import type { BesideFile } from "../../capture/case/content.ts"
import type { ReadYaml } from "../../capture/case/front-matter.ts"
import { readCase, type ReadCase } from "../../capture/case/read-case.ts"
import { parseYaml } from "../command-line/yaml.ts"

/** Bytes of a case file, and of a file beside one: more than the largest body that is recorded takes. */
export const maxCaseFile = 128 * 1024 * 1024

/** A file that was read as a case. */
export interface CaseFile {
  readonly text: string
  readonly read: ReadCase
  /** Names of files beside it that its blocks name, and that are there. */
  readonly beside: ReadonlySet<string>
}

/** Paths of case files: the file itself, or all that end in `.md` below a directory but READMEs; sorted. */
export const casePaths = async (path: string): Promise<ReadonlyArray<string>> => {
  if (!(await stat(path)).isDirectory()) return [path]
  const entries = await readdir(path, { withFileTypes: true })
  const found = await Promise.all(
    entries.map((entry) => {
      const below = join(path, entry.name)
      if (entry.isDirectory()) return entry.name.startsWith(".") ? [] : casePaths(below)
      return entry.isFile() && /\.md$/i.test(entry.name) && !/^readme\.md$/i.test(entry.name) ? [below] : []
    }),
  )
  return found.flat().toSorted()
}

/** Reads a case file. */
export const readCaseFile = async (path: string): Promise<CaseFile> => {
  const beside = new Set<string>()
  const readBeside = (name: string): Uint8Array | undefined => {
    const bytes = readBounded(join(dirname(path), name))
    if (bytes !== undefined) beside.add(name)
    return bytes
  }
  const { size } = statSync(path)
  if (size > maxCaseFile) {
    const text = `the file is larger than ${maxCaseFile} bytes`
    return { text: "", read: { made: undefined, problems: [{ line: 1, severity: "error", text }] }, beside }
  }
  const text = await readFile(path, "utf8")
  return { text, read: readCase(text, { readYaml, readBeside }), beside }
}

const readBounded = (path: string): Uint8Array | undefined => {
  try {
    const { size } = statSync(path)
    return size > maxCaseFile ? undefined : new Uint8Array(readFileSync(path))
  } catch {
    return undefined
  }
}

const readYaml: ReadYaml = (text) => {
  const parsed = parseYaml(text)
  if (Result.isSuccess(parsed)) return { value: parsed.success }
  const [, line, problem] = /^line (\d+) (.*)$/s.exec(parsed.failure) ?? []
  return line === undefined ? { problem: parsed.failure } : { problem: `this line ${problem}`, line: Number(line) }
}

/**
 * Writes a case and the files beside it, and takes files away that only the one before named. Returns whether anything is
 * another now. The folder is made where it is missing.
 */
export const writeCaseFile = async (
  path: string,
  text: string,
  files: ReadonlyArray<BesideFile>,
  before: CaseFile | undefined,
): Promise<boolean> => {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const names = new Set(files.map(({ name }) => name))
  const gone = [...(before?.beside ?? [])].filter((name) => !names.has(name))
  for (const name of gone) await rm(join(folder, name), { force: true })
  let changed = gone.length > 0
  for (const { name, bytes } of files) changed = (await replace(join(folder, name), bytes)) || changed
  return (await replace(path, new TextEncoder().encode(text))) || changed
}

/** False where the file holds this already. */
const replace = async (path: string, bytes: Uint8Array): Promise<boolean> => {
  const before = readBounded(path)
  if (before !== undefined && Buffer.compare(before, bytes) === 0) return false
  const part = `${path}.part`
  await writeFile(part, bytes)
  await rename(part, path)
  return true
}
