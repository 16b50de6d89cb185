/**
 * Needs: tests that use more than Bun and a shell. In CI all of it must be there; elsewhere a test that lacks something
 * is skipped, and counted as skipped in the closing line.
 */
import { test } from "bun:test"

import { runsArm64 } from "./arm64.ts"
import { haproxy } from "./haproxy.ts"
import { noteSkip } from "./skips.ts"
import { mayStopThreads } from "./stop-thread.ts"

/**
 * `namespace` is the right to make one, and the tools to use it; `arm64` is to run executables of that processor, see
 * arm64.ts; `root` is to be root; `ptrace` is the right to stop a thread of a child.
 */
export type Need =
  | "curl"
  | "chromium"
  | "prlimit"
  | "iptables"
  | "strace"
  | "namespace"
  | "bash"
  | "zsh"
  | "fish"
  | "python3"
  | "systemd-analyze"
  | "buildah"
  | "umoci"
  | "bwrap"
  | "dpkg-deb"
  | "apt-get"
  | "arm64"
  | "haproxy"
  | "root"
  | "ptrace"

const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]

const namespaces = (): boolean =>
  ["unshare", "nsenter", "ip", "mount"].every((tool) => Bun.which(tool) !== null) &&
  Bun.spawnSync(["unshare", "--net", "--mount", "--pid", "--fork", ...user, "--", "true"]).exitCode === 0

const found = new Map<Need, boolean>()

const look = (need: Need): boolean => {
  if (need === "namespace") return namespaces()
  if (need === "arm64") return runsArm64()
  if (need === "ptrace") return mayStopThreads()
  if (need === "haproxy") return haproxy() !== null
  if (need === "root") return process.getuid?.() === 0
  return Bun.which(need) !== null
}

/** Whether it is here. */
export const has = (need: Need): boolean => {
  const known = found.get(need) ?? look(need)
  found.set(need, known)
  return known
}

/** `test`, or `test.skip` where something is missing and this is not CI. */
export const needs = (...all: ReadonlyArray<Need>): typeof test => {
  const missing = process.env["CI"] === "true" ? [] : all.filter((need) => !has(need))
  if (missing.length === 0) return test
  noteSkip(...missing)
  return test.skip as typeof test
}
