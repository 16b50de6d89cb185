/** Verdict: what a row's client did other than it must. */
import type { Row } from "./row.ts"
import type { Outcome } from "./run.ts"

/** A sentence for each fault; none when all is as it must be. */
export const faults = (row: Row, { output, seen }: Outcome): ReadonlyArray<string> => {
  const found: Array<string> = []
  if ((output.code !== 0) !== (row.fails === true)) found.push(`it ended with ${output.code}: ${tail(output.stderr)}`)
  const said = saidBy(row, { output, seen })
  const fits = row.says instanceof RegExp ? row.says.test(said) : row.says.join("\n") === said
  if (!fits) found.push(`it said ${JSON.stringify(said)} and not ${String(row.says)}`)
  const saw = distinct(seen.map(({ text }) => text))
  const due = distinct(row.sees)
  if (saw !== due) found.push(`the proxy saw ${saw || "nothing"} and not ${due || "nothing"}`)
  const connections = new Set(seen.map(({ from }) => from)).size
  if (row.oneConnection === true && connections !== 1) found.push(`it used ${connections} connections and not one`)
  return found
}

/** Its words: of a client that must fail, wherever it said them. */
export const saidBy = (row: Row, { output }: Outcome): string =>
  (row.fails === true ? output.stderr + output.stdout : output.stdout).trim()

/** What the table shows of them: where a pattern is wanted, what fits it. */
export const shownBy = (row: Row, outcome: Outcome): string => {
  const said = saidBy(row, outcome)
  return row.says instanceof RegExp ? (row.says.exec(said)?.[0] ?? said) : said
}

const distinct = (texts: ReadonlyArray<string>): string => [...new Set(texts)].toSorted().join(", ")

const tail = (text: string): string => text.trim().slice(-1000)
