/**
 * Manifest: capture.json, which says what made the records of a directory, and how many of them there should be.
 */
import type { CaptureTotals } from "../totals.ts"

/** What a capture was made by and with. */
export interface CaptureOrigin {
  /** The program's version. */
  readonly version: string
  /** RFC 3339, in UTC. */
  readonly started: string
  /** The settings in force, by their names. */
  readonly settings: Readonly<Record<string, string>>
  /** SHA-256 of the rules of redaction as they were given, in lower-case hex; undefined where they are the built-in ones. */
  readonly rules: string | undefined
}

/** The version of this file's format. */
const format = 1

/** The text of capture.json: without totals while the capture goes on, and where it was killed. */
export const manifestText = (
  origin: CaptureOrigin,
  ended?: { readonly at: string; readonly totals: CaptureTotals },
): string => {
  const { version, started, settings, rules } = origin
  const end = ended === undefined ? {} : { ended: ended.at, counters: ended.totals }
  return `${JSON.stringify({ capture: format, version, started, ...end, settings, rules: rules ?? "built-in" }, null, 2)}\n`
}
