/**
 * Lock file: a lock of the kernel's on an open file, which ends with its process however that ends (flock(2)).
 */
import { loadLibc } from "./load-libc.ts"

/** LOCK_EX | LOCK_NB */
const exclusiveNow = 2 | 4

/** Locks an open file for this process: another one may have it already, and not every system has such locks. */
export const lockFile = (descriptor: number): "locked" | "taken" | "unsupported" => {
  const libc = loadLibc({ flock: { args: ["i32", "i32"], returns: "i32" } })
  if (libc === undefined) return "unsupported"
  return libc.flock(descriptor, exclusiveNow) === 0 ? "locked" : "taken"
}
