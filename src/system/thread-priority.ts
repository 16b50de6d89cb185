/**
 * Thread priority: has the scheduler prefer other threads to the one that asks (setpriority(2)). On Linux a thread has a
 * priority of its own, and everybody may lower theirs; never to be raised again without privileges.
 */
import { loadLibc } from "./load-libc.ts"

/** PRIO_PROCESS; its id 0 means the thread that calls. */
const thisThread = [0, 0] as const

/** Lowers the priority of the calling thread to this nice value, 1 to 19; false where that is not possible. */
export const lowerThreadPriority = (nice: number): boolean => {
  const libc = loadLibc({ setpriority: { args: ["i32", "u32", "i32"], returns: "i32" } })
  return libc?.setpriority(...thisThread, nice) === 0
}
