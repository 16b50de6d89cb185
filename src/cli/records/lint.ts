/**
 * Lint: what is wrong with case files: each by itself, and together.
 */
import * as Effect from "effect/Effect"

import { errorCode } from "../../flow/error-code.ts"
import type { CaseProblem } from "../../capture/case/blocks.ts"
import { visibleLine } from "../../capture/text.ts"
import type { Outcome } from "../command-line/outcome.ts"
import { casePaths, readCaseFile } from "./case-files.ts"
import { failedWith, jsonLine } from "./screen.ts"

interface FileProblem extends CaseProblem {
  readonly file: string
}

/** Files and directories of cases. Ends with 1 where one holds an error; a warning is none. */
export const lint = (paths: ReadonlyArray<string>, { json }: { readonly json: boolean }): Effect.Effect<Outcome> =>
  Effect.promise(async () => {
    const problems: Array<FileProblem> = []
    const ids: Array<IdPlace> = []
    let files = 0
    for (const path of paths) {
      const found = await pathsOf(path)
      if (typeof found === "string") return failedWith(found)
      for (const file of found) {
        files++
        const { read, text } = await readCaseFile(file)
        problems.push(...read.problems.map((problem) => ({ file, ...problem })))
        if (read.made !== undefined) ids.push({ file, id: read.made.id, line: lineOfId(text) })
      }
    }
    if (files === 0) return failedWith(`there is no case below ${paths.join(" ")}: cases are files that end in .md`)
    problems.push(...sharedIds(ids))
    return outcomeOf(problems, files, json)
  })

const pathsOf = async (path: string): Promise<ReadonlyArray<string> | string> => {
  try {
    return await casePaths(path)
  } catch (error) {
    const code = errorCode(error)
    return `${path} ${code === "ENOENT" ? "does not exist" : `cannot be read (${code})`}`
  }
}

interface IdPlace {
  readonly file: string
  readonly id: string
  readonly line: number
}

const lineOfId = (text: string): number => text.split("\n").findIndex((line) => /^"?id"?:/.test(line)) + 1

/** A case is named by its id: as what caused others, and when it is saved again. */
const sharedIds = (ids: ReadonlyArray<IdPlace>): ReadonlyArray<FileProblem> => {
  const first = new Map<string, string>()
  return ids.flatMap(({ file, id, line }) => {
    const other = first.get(id)
    first.set(id, other ?? file)
    return other === undefined ? [] : [{ file, line, severity: "error", text: `${other} has the same id` }]
  })
}

const outcomeOf = (problems: ReadonlyArray<FileProblem>, files: number, json: boolean): Outcome => {
  const errors = problems.filter(({ severity }) => severity === "error").length
  const line = ({ file, line, severity, text }: FileProblem): string =>
    `${visibleLine(`${file}:${line}: ${severity}: ${text}`)}\n`
  const summary = `${count(files, "case")}, ${errors === 0 ? "no errors" : count(errors, "error")}${
    problems.length === errors ? "" : `, ${count(problems.length - errors, "warning")}`
  }\n`
  return {
    stdout: json ? problems.map(jsonLine).join("") : problems.map(line).join("") + summary,
    stderr: "",
    code: errors === 0 ? 0 : 1,
  }
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`
