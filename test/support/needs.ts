/**
 * Needs: tests that use more than Bun and a shell. In CI all of it must be there; elsewhere a test that lacks something
 * is skipped, and counted as skipped in the closing line.
 */
import { test } from "bun:test"

/** `namespace` is the right to make one, and the tools to use it. */
export type Need = "curl" | "prlimit" | "namespace"

const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]

const namespaces = (): boolean =>
  ["unshare", "nsenter", "ip", "mount"].every((tool) => Bun.which(tool) !== null) &&
  Bun.spawnSync(["unshare", "--net", "--mount", "--pid", "--fork", ...user, "--", "true"]).exitCode === 0

const found = new Map<Need, boolean>()

const has = (need: Need): boolean => {
  const known = found.get(need) ?? (need === "namespace" ? namespaces() : Bun.which(need) !== null)
  found.set(need, known)
  return known
}

/** `test`, or `test.skip` where something is missing and this is not CI. */
export const needs = (...all: ReadonlyArray<Need>): typeof test =>
  process.env["CI"] === "true" || all.every(has) ? test : (test.skip as typeof test)
