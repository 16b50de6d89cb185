/**
 * Open files: the limit that a program beside the proxy is to have. The runtime raises the soft limit of its own process
 * to the hard one when it starts, and its children would inherit that: some programs do something for each file that
 * they may open, and select(2) knows 1024.
 */
import { procText } from "../../system/proc.ts"

export interface OpenFiles {
  readonly soft: bigint
  readonly hard: bigint
}

/** RLIM_INFINITY. */
const unlimited = 0xffff_ffff_ffff_ffffn

/** From the text of /proc/PID/limits. Undefined where it does not say. */
export const parseOpenFiles = (limits: string): OpenFiles | undefined => {
  const [, soft, hard] = /^Max open files +(\d+|unlimited) +(\d+|unlimited) /m.exec(limits) ?? []
  if (soft === undefined || hard === undefined) return undefined
  return { soft: toLimit(soft), hard: toLimit(hard) }
}

const toLimit = (text: string): bigint => (text === "unlimited" ? unlimited : BigInt(text))

/**
 * The soft limit of the process that started this one. Undefined where it is not to be had: the parent is out of sight
 * (as for PID 1 of a container), or has another hard limit, so that this process was given limits of its own, which as
 * a rule are one number for both.
 */
export const inheritedOpenFiles = (own: OpenFiles | undefined, parent: OpenFiles | undefined): OpenFiles | undefined =>
  own === undefined || parent === undefined || parent.hard !== own.hard ? undefined : parent

/** `inheritedOpenFiles` of this process. */
export const ownInheritedOpenFiles = (): OpenFiles | undefined => {
  // The parent as /proc has it: where that is of an outer namespace, so is what it says of the parent.
  const parent = /^PPid:\s*(\d+)$/m.exec(procText("self/status"))?.[1] ?? "0"
  return inheritedOpenFiles(parseOpenFiles(procText("self/limits")), parseOpenFiles(procText(`${parent}/limits`)))
}
