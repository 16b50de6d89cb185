/**
 * Skips: which tests were left out because something is not on this machine, as the closing words of `bun run test` and
 * `bun run verify` tell it. Tests append to a file that a variable names, one JSON object a line; without one they tell
 * nobody.
 */
import { appendFileSync } from "node:fs"

export const skipsVariable = "PILLION_SKIPS_REPORT"

/** One test that was left out, and all that it would have needed and is not here. */
interface Skip {
  readonly missing: ReadonlyArray<string>
}

export const noteSkip = (...missing: ReadonlyArray<string>): void => {
  const file = process.env[skipsVariable]
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ missing } satisfies Skip)}\n`)
}

/** How to have what does not come as a Debian package of its own name. */
const ways: Readonly<Record<string, string>> = {
  namespace: "run as root, or allow unprivileged user namespaces; apt-get install iproute2 util-linux",
  root: "run as root",
  ptrace: "allow ptrace(2) of own children (kernel.yama.ptrace_scope at most 1, no seccomp filter)",
  prlimit: "apt-get install util-linux",
  bwrap: "apt-get install bubblewrap",
  "systemd-analyze": "apt-get install systemd",
  arm64: "the head of .ci/run names Debian's packages",
  "dpkg-deb": "a Debian",
  "apt-get": "a Debian",
  "llhttp's fixtures": "TEST_LLHTTP, the folder `test` of a checkout of llhttp",
}

/** The programs that recipes are tried with, and their libraries. */
export const recipeClients = "clients of test/recipes"

/** A line for each thing that is missing, with the number of tests that it kept from running; most first. */
export const skipLines = (report: string): ReadonlyArray<string> => {
  const counts = new Map<string, number>()
  for (const line of report.split("\n").filter((text) => text !== "")) {
    const { missing } = JSON.parse(line) as Skip
    for (const each of missing) counts.set(each, (counts.get(each) ?? 0) + 1)
  }
  return [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([what, count]) => `${String(count).padStart(6)} for want of ${what}: ${wayTo(what)}`)
}

const wayTo = (what: string): string =>
  what === recipeClients
    ? "`bun run recipes` installs those of npm; the head of .ci/run names Debian's packages"
    : (ways[what] ?? `apt-get install ${what}`)
