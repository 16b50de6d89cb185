/**
 * Collector: builds the OpenTelemetry collector that test/collector judges by, from Go modules of pinned versions. The
 * first time that takes some two minutes of two cores; afterwards Go knows that nothing has changed.
 */
import { join } from "node:path"

import { root, step } from "./steps.ts"

/** Seconds that it may take. */
const maxSeconds = 900

const build = ["build", "-trimpath", "-ldflags=-s -w", "-o", join(root, "dist/otel-collector"), "."]

/** Builds dist/otel-collector. */
export const buildCollector = (): Promise<void> =>
  step("build the OpenTelemetry collector", [
    "timeout",
    String(maxSeconds),
    "go",
    "-C",
    join(root, "test/collector"),
    ...build,
  ])

if (import.meta.main) await buildCollector()
