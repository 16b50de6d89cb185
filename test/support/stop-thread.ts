/**
 * Stop thread: stops one thread of a process that this one has started, and lets it go on, by ptrace(2): its other threads
 * notice nothing. Linux; some containers forbid it.
 */
import { dlopen } from "bun:ffi"
import { readdirSync, readFileSync } from "node:fs"

const PTRACE_ATTACH = 16
const PTRACE_DETACH = 17
/** Waits for threads too, and not for processes only. */
const __WALL = 0x40000000

const libc = () =>
  dlopen("libc.so.6", {
    ptrace: { args: ["i64", "i64", "i64", "i64"], returns: "i64" },
    waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  }).symbols

/** The ids of a process's threads with this nice value. */
export const threadsOfNice = (pid: number, nice: number): ReadonlyArray<number> =>
  readdirSync(`/proc/${pid}/task`)
    .map(Number)
    .filter((id) => {
      const fields = readFileSync(`/proc/${pid}/task/${id}/stat`, "latin1")
        .replace(/^.*\) /s, "")
        .split(" ")
      return Number(fields[16]) === nice
    })

/** A thread that stands still. */
export interface StoppedThread {
  readonly release: () => void
}

/** Stops a thread; undefined where that is forbidden. To be released by the thread that stopped it. */
export const stopThread = (id: number): StoppedThread | undefined => {
  const { ptrace, waitpid } = libc()
  if (Number(ptrace(PTRACE_ATTACH, id, 0, 0)) !== 0) return undefined
  if (waitpid(id, new Int32Array(1), __WALL) !== id) throw new Error("the thread did not stop")
  return {
    release: () => {
      if (Number(ptrace(PTRACE_DETACH, id, 0, 0)) !== 0) throw new Error("the thread cannot be let go")
    },
  }
}

/** Whether this process may stop threads of its children. */
export const mayStopThreads = (): boolean => {
  const child = Bun.spawn(["sleep", "10"])
  try {
    const stopped = stopThread(child.pid)
    stopped?.release()
    return stopped !== undefined
  } catch {
    return false
  } finally {
    child.kill("SIGKILL")
  }
}
