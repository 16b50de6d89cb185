/**
 * Collector: builds the OpenTelemetry collector that test/collector judges by, from Go modules of pinned versions. The
 * first time that takes some two minutes of two cores; afterwards Go knows that nothing has changed.
 */
import { existsSync, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"

import { root, step } from "./steps.ts"

/** Seconds that it may take. */
const maxSeconds = 900

const folder = join(root, "test/collector")

const build = ["build", "-trimpath", "-ldflags=-s -w", "-o", join(root, "dist/otel-collector"), "."]

/** Builds dist/otel-collector. */
export const buildCollector = (): Promise<void> =>
  step("build the OpenTelemetry collector", ["timeout", String(maxSeconds), newEnoughGo(), "-C", folder, ...build])

/**
 * The first Go that is not older than the collector's modules ask for: npm puts the folder of Node before all others, and
 * a distribution's older Go may lie there. Without any, the one that `go` means, which says what is wrong.
 */
const newEnoughGo = (): string => {
  const wanted = versionOf(/^go (\S+)$/m.exec(readFileSync(join(folder, "go.mod"), "utf8"))?.[1] ?? "")
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/go/bin"]
  const found = folders.map((each) => join(each, "go")).filter((path) => existsSync(path))
  const isNew = (path: string): boolean => {
    const { stdout } = Bun.spawnSync([path, "version"], { env: { ...process.env, GOTOOLCHAIN: "local" } })
    return versionOf(/go(\d[\d.]*)/.exec(stdout.toString())?.[1] ?? "") >= wanted
  }
  return found.find(isNew) ?? "go"
}

/** As a number that can be compared: 1.26.8 is 1026. */
const versionOf = (text: string): number => {
  const [major = 0, minor = 0] = text.split(".").map(Number)
  return major * 1000 + minor
}

if (import.meta.main) await buildCollector()
