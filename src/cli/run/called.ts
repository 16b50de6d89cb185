/**
 * Called: how this program is called from the shell that started it, for lines that are to be pasted there.
 */
import { realpathSync } from "node:fs"
import { basename, relative } from "node:path"

import { shellQuote } from "../clients/env.ts"

/** `pillion` where that is this program by the PATH, else its path, from the working directory if it lies below. */
export const calledAs = (path = process.env["PATH"] ?? "", file = process.execPath, cwd = process.cwd()): string => {
  // Run from its sources: the file is the runtime's.
  if (basename(file).startsWith("bun")) return "pillion"
  const found = Bun.which("pillion", { PATH: path })
  if (found !== null && real(found) === real(file)) return "pillion"
  const below = relative(cwd, file)
  if (below.startsWith("..")) return plain(file)
  return plain(below.includes("/") ? below : `./${below}`)
}

/** Quotes a path as one word of a shell. */
const plain = (path: string): string => (/^[\w./+@-]+$/.test(path) ? path : shellQuote(path))

const real = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
