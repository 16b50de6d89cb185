/**
 * Last resort: errors that nothing caught are logged and counted, and the program goes on: a defect that one peer can
 * reach must not take every other connection with it.
 */
import type { Log } from "./log.ts"

/** Defects of one minute that are logged; a defect on the path of every chunk must not flood the log. */
export const loggedPerMinute = 10

export interface LastResortParts {
  readonly log: Pick<Log, "error">
  /** Called for every defect. */
  readonly count: () => void
  /** Milliseconds on a clock that never jumps; the tests put another in its place. */
  readonly now?: () => number
}

/** Makes the function that reports a defect. The function never throws. */
export const makeLastResort = ({ log, count, now = () => performance.now() }: LastResortParts) => {
  let minute = Number.NEGATIVE_INFINITY
  let logged = 0
  let silent = 0
  return (what: string, cause: unknown): void => {
    count()
    if (now() - minute >= 60_000) {
      minute = now()
      logged = 0
    }
    if (++logged > loggedPerMinute) return void silent++
    log.error(what, { ...describe(cause), not_logged: silent === 0 ? undefined : silent })
    silent = 0
  }
}

/** Catches what nothing else catches in this process, until the function that it returns is called. */
export const catchLastResort = (parts: LastResortParts): (() => void) => {
  const report = makeLastResort(parts)
  const uncaught = (cause: unknown): void => report("uncaught exception", cause)
  const unhandled = (cause: unknown): void => report("unhandled rejection", cause)
  process.on("uncaughtException", uncaught)
  process.on("unhandledRejection", unhandled)
  return () => {
    process.off("uncaughtException", uncaught)
    process.off("unhandledRejection", unhandled)
  }
}

/** Anything can be thrown, even what throws when it is looked at. */
const describe = (cause: unknown): { readonly error: string; readonly stack?: string | undefined } => {
  try {
    if (!(cause instanceof Error)) return { error: String(cause) }
    return { error: `${cause.name}: ${cause.message}`, stack: cause.stack }
  } catch {
    return { error: "a value that cannot be shown" }
  }
}
