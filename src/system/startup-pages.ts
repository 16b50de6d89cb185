/**
 * Startup pages: gives back the code that only the start needed.
 *
 * Starting touches some 40 MB of the executable's own code, most of it never again. Its pages are clean copies of the
 * file: given back, those that are needed later come again from the page cache at about a microsecond each. Measured:
 * 50 MB resident before, 27 MB after, 39 MB after the first connections.
 */
import { readFileSync } from "node:fs"

import { loadLibc } from "./load-libc.ts"

/** madvise(2) MADV_DONTNEED. */
const dontNeed = 4

/**
 * Gives back code only: never written, so nothing can be lost. Where /proc or libc cannot be reached nothing happens.
 */
export const releaseStartupPages = (): void => {
  try {
    const libc = loadLibc({ madvise: { args: ["u64", "u64", "i32"], returns: "i32" } })
    for (const { start, length } of codeOf(process.execPath, readFileSync("/proc/self/maps", "latin1"))) {
      libc?.madvise(start, length, dontNeed)
    }
  } catch {
    // No /proc: the pages stay, and nothing else is different.
  }
}

/** The executable mappings of `path` in the text of /proc/self/maps (proc_pid_maps(5)). */
export const codeOf = (path: string, maps: string): ReadonlyArray<{ start: bigint; length: bigint }> =>
  maps.split("\n").flatMap((line) => {
    const [range = "", permissions, , , , ...name] = line.split(/ +/)
    if (permissions !== "r-xp" || name.join(" ") !== path) return []
    const [start = "0", end = "0"] = range.split("-")
    return [{ start: BigInt(`0x${start}`), length: BigInt(`0x${end}`) - BigInt(`0x${start}`) }]
  })
