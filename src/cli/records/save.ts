/**
 * Save: records as case files in a directory that is kept with the code. What was saved before is saved into the same file
 * again, so that a diff shows what changed.
 */
import { join, relative, resolve } from "node:path"
import * as Effect from "effect/Effect"

import { errorCode } from "../../flow/error-code.ts"
import { type Case, caseOf } from "../../capture/case/case.ts"
import { fileNameOf, folderOf } from "../../capture/case/file-name.ts"
import { planCases, type PlannedCase } from "../../capture/case/same-case.ts"
import { writeCase } from "../../capture/case/write-case.ts"
import { minIdEnd } from "../../capture/ids.ts"
import { visibleLine } from "../../capture/text.ts"
import { type ConfigError, usageError } from "../../config/error.ts"
import type { Outcome } from "../command-line/outcome.ts"
import { type CaseFile, casePaths, readCaseFile, writeCaseFile } from "./case-files.ts"
import { nothingText } from "./ls.ts"
import { doneWith, failedWith, jsonLine } from "./screen.ts"
import { defaultLimit, isSince, Newest, type Selection } from "./selection.ts"
import type { RecordSource, Unreadable } from "./source.ts"

export interface SaveArgs {
  /** The directory; undefined where none was named. */
  readonly to: string | undefined
  readonly json: boolean
}

/** What became of one case. */
interface Saved {
  /** Below the directory. */
  readonly file: string
  readonly id: string
  readonly what: "new" | "changed" | "same" | "failed"
  readonly problem?: string
  /** A part of it was not recorded whole: it can be neither sent again nor answered from. */
  readonly cut: boolean
}

/** Ends with 1 where there is nothing to save, or something could not be saved. */
export const save = (
  source: RecordSource,
  selection: Selection,
  { to, json }: SaveArgs,
): Effect.Effect<Outcome, Unreadable | ConfigError> => {
  if (to === undefined) {
    return Effect.fail(usageError("save needs a directory: write --to DIR, for example --to tests/cases"))
  }
  return Effect.gen(function* () {
    const cases = new Newest<Case>(selection.limit ?? defaultLimit)
    let others = 0
    const notes = [
      ...(yield* source.read(selection, (record) => {
        if (!isSince(selection, record)) return
        const made = caseOf(record)
        if (made === undefined) others++
        else cases.add(made)
      })),
    ]
    if (others > 0) notes.push(`${others} without an HTTP request left out`)
    const made = cases.newest()
    if (made.length === 0) return failedWith(nothingText(selection), notes)
    if (made.length < cases.count && selection.limit === undefined) {
      notes.push(`${cases.count - made.length} older ones are not saved: write --limit ${cases.count}, or a filter`)
    }
    const saved = yield* Effect.promise(() => saveAll(made, to))
    return typeof saved === "string" ? failedWith(saved, notes) : outcomeOf(saved, to, notes, json)
  })
}

const outcomeOf = (saved: ReadonlyArray<Saved>, to: string, notes: Array<string>, json: boolean): Outcome => {
  const failures = saved.filter(({ what }) => what === "failed")
  const cut = saved.filter((each) => each.cut && each.what !== "failed")
  for (const { file, problem } of failures) notes.push(`${file} is not saved: ${problem}`)
  if (cut.length > 0) {
    const names = cut.slice(0, 3).map(({ file }) => file)
    const more = cut.length > names.length ? `, and ${cut.length - names.length} more` : ""
    notes.push(`not recorded whole, so that they can be neither replayed nor served: ${names.join(", ")}${more}`)
  }
  const count = (what: Saved["what"]): number => saved.filter((each) => each.what === what).length
  const summary = `${visibleLine(to)}: ${count("new")} new, ${count("changed")} changed, ${count("same")} as they were\n`
  const outcome = doneWith(json ? saved.map(jsonLine).join("") : summary, notes)
  return failures.length === 0 ? outcome : { ...outcome, code: 1 }
}

/** Saves cases below a directory, or says why that is none that can be read. */
const saveAll = async (cases: ReadonlyArray<Case>, to: string): Promise<ReadonlyArray<Saved> | string> => {
  const files = await filesBelow(to)
  if (typeof files === "string") return files
  const before = [...files].flatMap(([path, { read }]) => (read.made === undefined ? [] : [{ path, made: read.made }]))
  const taken = new Set(before.map(({ path }) => path))
  const saved: Array<Saved> = []
  for (const planned of planCases(cases, before)) {
    const path = planned.before?.path ?? newPath(planned, to, taken)
    taken.add(path)
    saved.push(await saveOne(planned.made, path, to, files.get(path)))
  }
  return saved
}

const filesBelow = async (to: string): Promise<ReadonlyMap<string, CaseFile> | string> => {
  const files = new Map<string, CaseFile>()
  try {
    for (const path of await casePaths(resolve(to))) files.set(path, await readCaseFile(path))
  } catch (error) {
    const code = errorCode(error)
    if (code !== "ENOENT") return `${visibleLine(to)} cannot be read (${code})`
  }
  return files
}

/** A name that no case has: with a longer end of the id where another case has the usual one. */
const newPath = ({ made }: PlannedCase, to: string, taken: ReadonlySet<string>): string => {
  const digits = made.id.replaceAll("-", "")
  const path = (length: number): string => join(resolve(to), folderOf(made), fileNameOf(made, digits.slice(-length)))
  let length = minIdEnd
  while (length < digits.length && taken.has(path(length))) length++
  return path(length)
}

const saveOne = async (made: Case, path: string, to: string, before: CaseFile | undefined): Promise<Saved> => {
  const file = relative(resolve(to), path)
  const facts = { file, id: made.id, cut: isCut(made) }
  const stem = path.slice(path.lastIndexOf("/") + 1).replace(/\.md$/i, "")
  const written = writeCase(made, stem)
  if ("problem" in written) return { ...facts, what: "failed", problem: written.problem }
  if (before !== undefined && before.read.made === undefined) {
    return { ...facts, what: "failed", problem: "a file of this name is there that is no case: see pillion lint" }
  }
  try {
    const changed = await writeCaseFile(path, written.text, written.files, before)
    return { ...facts, what: before === undefined ? "new" : changed ? "changed" : "same" }
  } catch (error) {
    return { ...facts, what: "failed", problem: `it cannot be written (${errorCode(error)})` }
  }
}

const isCut = ({ request, response }: Case): boolean =>
  [request.body, response?.body].some((body) => body?.truncated === true || body?.omitted !== undefined)
