/**
 * Verify: everything that must hold, from a fresh clone: install, check, build, all tests. Its last line is
 * `N passed, N failed`, and its exit code says the same.
 */
import { build } from "./build.ts"
import { installClients } from "./recipes.ts"
import { bun, step } from "./steps.ts"
import { test } from "./test.ts"

// A quarter of a gigabyte that only test/recipes uses; without it, those tests are skipped where they may be.
if (process.env["CI"] === "true") await installClients()
await step("check", [bun, "run", "check"])
// Slower code is seen here without a network: each case is compared with a reference loop in the same run.
if (process.env["CI"] === "true") await step("micro-benchmarks", [bun, "bench/micro.ts", "--check"])
await build((line) => console.log(`── ${line}`))
process.exit(await test([]))
