/**
 * Outcome: what a command says and ends with. Commands return one and print nothing themselves.
 */
import { exitCode } from "../../config/exit-codes.ts"

export interface Outcome {
  /** The answer, for a person or for `--json`; empty, or ends with a newline. */
  readonly stdout: string
  /** Why it was not to be had; empty, or one line `pillion: ...`. */
  readonly stderr: string
  readonly code: number
}

export const done = (stdout: string): Outcome => ({ stdout, stderr: "", code: exitCode("done") })

/** `message` is one line without the leading `pillion: `. */
export const failed = (message: string): Outcome => ({
  stdout: "",
  stderr: `pillion: ${message}\n`,
  code: exitCode("failed"),
})
