/**
 * Tally: what was done and what came of it, counted.
 */
import type { Report } from "./ground.ts"

/** So many different unexpected errors are told; a run has failed with the first. */
const maxErrors = 20

export const emptyReport = (): Report => ({ done: {}, expected: {}, unexpected: {} })

const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1
}

/** Does something and counts it: as done, and by the reason that it returns, or by the error that it throws. */
export const attempt = async (
  report: Report,
  name: string,
  run: () => Promise<string | undefined | void>,
): Promise<void> => {
  try {
    const reason = await run()
    if (typeof reason === "string") count(report.expected, reason)
  } catch (cause) {
    const words = `${name}: ${cause instanceof Error ? cause.message : String(cause)}`.slice(0, 300)
    if (Object.keys(report.unexpected).length < maxErrors) count(report.unexpected, words)
    else count(report.unexpected, "further ones")
  }
  count(report.done, name)
}
