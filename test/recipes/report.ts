/**
 * Report: the table of all rows, one line each, as `bun run recipes` and the gate print it. Tests append to a file that
 * a variable names, one JSON object a line; without one they tell nobody.
 */
import { appendFile } from "node:fs/promises"

export const reportVariable = "PILLION_RECIPES_REPORT"

export interface Line {
  readonly client: string
  readonly version: string
  readonly scheme: string
  readonly said: string
  readonly saw: string
  readonly result: "pass" | "FAIL" | "skip"
}

export const tell = async (line: Line): Promise<void> => {
  const file = process.env[reportVariable]
  if (file !== undefined) await appendFile(file, `${JSON.stringify(line)}\n`)
}

export const linesOf = (report: string): ReadonlyArray<Line> =>
  report
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => JSON.parse(text) as Line)

/** Characters of what was said or seen; the rest is in the tests. */
const widest = 60

/** The lines as a table for a terminal, its head first. */
export const table = (lines: ReadonlyArray<Line>): string => {
  const cells = [
    ["client", "version", "told by", "it said", "the proxy saw", ""],
    ...lines.map(({ client, version, scheme, said, saw, result }) => [
      client,
      version,
      scheme,
      short(said),
      short(saw),
      result,
    ]),
  ]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("")
}

const short = (text: string): string => {
  const line = text.trim().replaceAll(/\s*\n\s*/g, " · ")
  return line.length > widest ? `${line.slice(0, widest - 1)}…` : line
}
