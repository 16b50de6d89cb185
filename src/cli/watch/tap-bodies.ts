/**
 * Tap bodies: a line of the stream of records, for a person as `curl -v` shows an exchange, or for a program.
 */
import { parseRecordFilter } from "../../capture/filter/record-filter.ts"
import { readRecord } from "../../capture/read-record.ts"
import { visible, visibleLine } from "../../capture/text.ts"
import { verbose } from "./verbose.ts"
import { isProblem } from "../../observe/filter/problem.ts"

/** What is wrong with a filter of records; undefined where nothing is. */
export const problemOfFilter = (text: string): string | undefined => {
  const parsed = parseRecordFilter(text)
  return isProblem(parsed) ? parsed.problem : undefined
}

/** For a program: the line, in which nothing steers a terminal. */
export const recordLine = (line: string): string => `${visible(line)}\n`

/** For a person: a record, or the news that records were lost. */
export const recordText = (line: string, color: boolean): string => {
  const lost = /^\{"dropped":(\d+)\}$/.exec(line)?.[1]
  if (lost !== undefined) return `# ${lost} records were lost here: this reader was too slow\n\n`
  const read = readRecord(line)
  return "record" in read
    ? verbose(read.record, { color })
    : `# a record cannot be read: ${visibleLine(read.problem)}\n\n`
}
