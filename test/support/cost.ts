/**
 * Cost: what a piece of work costs the process that is made to do it, by its own account in /proc.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { cpuMilliseconds, residentBytes } from "./process.ts"

export interface Cost<A> {
  readonly value: A
  /** Of processor time. */
  readonly cpu: number
  /** Of the wall clock. */
  readonly milliseconds: number
  /** Bytes: the most that was resident at any moment of the work, less what was before it. */
  readonly grown: number
}

/** Does the work and tells what it cost the process `pid`, which must be ours. */
export const cost = async <A>(pid: number, work: () => Promise<A>): Promise<Cost<A>> => {
  // proc(5): 5 sets the high-water mark of the resident set back to what is resident now.
  writeFileSync(`/proc/${pid}/clear_refs`, "5")
  const resident = residentBytes(pid)
  const before = cpuMilliseconds(pid)
  const started = performance.now()
  const value = await work()
  return {
    value,
    cpu: cpuMilliseconds(pid) - before,
    milliseconds: performance.now() - started,
    grown: maxResidentBytes(pid) - resident,
  }
}

/** The share of one processor that the process uses while it has nothing to do, over two seconds: 0.1 is 10 %. */
export const idleShare = async (pid: number): Promise<number> => {
  const { cpu, milliseconds } = await cost(pid, () => Bun.sleep(2000))
  return cpu / milliseconds
}

const maxResidentBytes = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) * 1024
