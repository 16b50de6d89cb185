/**
 * Exit codes: which there are and what each means, in one table.
 */

/** From 69 on as sysexits.h has them, from 126 on as shells and env(1) have them. */
const table = {
  done: [0, "done, also after SIGTERM"],
  failed: [1, "failure, or cut short by a second signal"],
  usage: [2, "unknown command or flag"],
  cannotListen: [69, "cannot listen"],
  badValue: [78, "a value or a combination of values is wrong"],
  notExecutable: [126, "run -- CMD: CMD cannot be executed"],
  notFound: [127, "run -- CMD: CMD was not found"],
} as const

/** The exit code of one way to end. */
export const exitCode = <N extends keyof typeof table>(ending: N): (typeof table)[N][0] => table[ending][0]

/** Every exit code as text, and its meaning, for help and reference. */
export const exitCodes: ReadonlyArray<readonly [code: string, meaning: string]> = [
  ...Object.values(table).map(([code, meaning]) => [String(code), meaning] as const),
  ["other", "run -- CMD: the exit code of CMD, or 128 + the signal that ended it"],
]
