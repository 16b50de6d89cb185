/**
 * Journal: how systemd's journal learns how important a line is: from the number of the priority in front of it, as
 * sd-daemon(3) has it. The journal takes the prefix away, so what it keeps of a line is the same as everywhere else, one
 * JSON object by default. A file, a pipe or a terminal never sees one.
 */
import { fstatSync } from "node:fs"

/**
 * Whether a descriptor leads straight to the journal: systemd names the device and inode of what it gave the service,
 * and an output that was redirected has others.
 */
export const leadsToJournal = (descriptor: 1 | 2, env: Readonly<Record<string, string | undefined>>): boolean => {
  const stream = env["JOURNAL_STREAM"] ?? ""
  if (stream === "") return false
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true })
    return stream === `${dev}:${ino}`
  } catch {
    return false
  }
}

/** The prefix of a line of this level, by syslog(3): 7 debug, 6 informational, 4 warning, 3 error. */
export const priority = { debug: "<7>", info: "<6>", warn: "<4>", error: "<3>" } as const
