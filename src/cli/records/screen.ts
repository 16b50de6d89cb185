/**
 * Screen: what of the terminal matters to what is printed, and the notes that go beside it.
 */
import { visible, visibleLine } from "../../capture/text.ts"
import { wantsColor } from "../../observe/log/log.ts"
import { done, type Outcome } from "../command-line/outcome.ts"

export interface Screen {
  readonly isTerminal: boolean
  /** Infinity where there is no terminal: nothing needs to be cut for a pipe. */
  readonly columns: number
  readonly color: boolean
}

/** What a stream leads to. */
export const screenOf = (
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  environment: Readonly<Record<string, string | undefined>>,
): Screen => {
  const isTerminal = stream.isTTY === true
  return {
    isTerminal,
    columns: isTerminal ? (stream.columns ?? 80) : Number.POSITIVE_INFINITY,
    color: wantsColor(isTerminal, environment),
  }
}

/** Success, with what a person should know on stderr. */
export const doneWith = (stdout: string, notes: ReadonlyArray<string>): Outcome => ({
  ...done(stdout),
  stderr: notesText(notes),
})

/** A failure of one line, behind what else a person should know. */
export const failedWith = (message: string, notes: ReadonlyArray<string> = []): Outcome => ({
  stdout: "",
  stderr: notesText([...notes, message]),
  code: 1,
})

const notesText = (notes: ReadonlyArray<string>): string =>
  notes.map((note) => `pillion: ${visibleLine(note)}\n`).join("")

/** A value as one line of JSON that steers no terminal: what could is escaped, which JSON allows in its strings. */
export const jsonLine = (value: unknown): string => `${visible(JSON.stringify(value))}\n`
