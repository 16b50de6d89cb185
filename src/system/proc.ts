/**
 * Proc: files of /proc, which may be missing or forbidden. Linux.
 */
import { readFileSync } from "node:fs"

/** The content of /proc/`path`; empty where it cannot be read. */
export const procBytes = (path: string): Uint8Array => {
  try {
    return readFileSync(`/proc/${path}`)
  } catch {
    return new Uint8Array(0)
  }
}

/** The same as text, a character for each byte. */
export const procText = (path: string): string => Buffer.from(procBytes(path)).toString("latin1")
