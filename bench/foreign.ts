/**
 * Foreign load: how much of the two cores others took while something was measured: processes that are not the
 * benchmark's, and whoever else the hypervisor let run on them.
 */
import { readFileSync } from "node:fs"
import { release } from "node:os"
import { gunzipSync } from "node:zlib"

import { cpuSeconds, loadCore, proxyCore, ticksPerSecond } from "./process.ts"

/** What others may take of the cores before a note says so. */
export const notedForeign = 0.03
/** What others may take of the cores before no goal is judged. */
export const maxForeign = 0.1

const cores = [proxyCore, loadCore]

/**
 * Ticks that cores were not there for us or were busy, from the text of /proc/stat.
 *
 * Where the kernel books interrupts apart (CONFIG_IRQ_TIME_ACCOUNTING), they are in no process's time, and the packets
 * of our own loopback would be taken for somebody else's: then they are left out. Where it does not, they are in both.
 */
export const busyTicks = (stat: string, ofCores: ReadonlyArray<number>, interruptsApart: boolean): number => {
  let ticks = 0
  for (const core of ofCores) {
    const line = new RegExp(`^cpu${core} (.*)$`, "m").exec(stat)?.[1] ?? ""
    // user nice system idle iowait irq softirq steal; guests are in user and nice already.
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(" ").map(Number)
    ticks += user + nice + system + steal + (interruptsApart ? 0 : irq + softirq)
  }
  return ticks
}

/** The share of so many cores that was busy for `seconds`, less what we used of it ourselves. */
export const foreignShare = (busySeconds: number, ourSeconds: number, seconds: number, ofCores: number): number =>
  Math.max(0, busySeconds - ourSeconds) / (ofCores * seconds)

/** Whether the kernel's configuration says that interrupts are booked apart from processes. */
export const booksInterruptsApart = (config: string): boolean => /^CONFIG_IRQ_TIME_ACCOUNTING=y$/m.test(config)

/** The running kernel's configuration; empty where the machine does not show it. */
const kernelConfig = (): string => {
  try {
    return gunzipSync(readFileSync("/proc/config.gz")).toString("latin1")
  } catch {
    try {
      return readFileSync(`/boot/config-${release()}`, "latin1")
    } catch {
      return ""
    }
  }
}

const interruptsApart = booksInterruptsApart(kernelConfig())

const busySeconds = (): number =>
  busyTicks(readFileSync("/proc/stat", "latin1"), cores, interruptsApart) / ticksPerSecond

/** Does some work; tells with its result how much of the cores others had meanwhile. */
export const watched = async <A>(work: () => Promise<A>): Promise<{ readonly result: A; readonly foreign: number }> => {
  const ours = cpuSeconds(process.pid)
  const busy = busySeconds()
  const began = performance.now()
  const result = await work()
  const seconds = (performance.now() - began) / 1000
  return {
    result,
    foreign: foreignShare(busySeconds() - busy, cpuSeconds(process.pid) - ours, seconds, cores.length),
  }
}
