/** What the numbers were measured on. */
import { readFileSync } from "node:fs"
import { availableParallelism, release, totalmem } from "node:os"

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly bun: string
  /** It was measured in a network namespace of its own. */
  readonly namespace: boolean
  readonly descriptors: number
  readonly when: string
}

export const machine = (namespace: boolean): Machine => ({
  processor: /^model name\s*: (.*)$/m.exec(read("/proc/cpuinfo"))?.[1] ?? "unknown",
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  bun: Bun.version,
  namespace,
  descriptors: descriptorLimit(),
  when: new Date().toISOString(),
})

/** The hard limit: load, peers and pillion all raise their own to it. */
export const descriptorLimit = (): number => {
  const found = /^Max open files\s+\d+\s+(\d+)/m.exec(read("/proc/self/limits"))?.[1]
  return found === undefined ? 1024 : Number(found)
}

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
