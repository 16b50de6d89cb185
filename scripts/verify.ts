/**
 * Verify: everything that must hold, from a fresh clone: install, check, build, all tests. Its last line is
 * `N passed, N failed`, and its exit code says the same.
 */
import { build } from "./build.ts"
import { bun, install, step } from "./steps.ts"
import { test } from "./test.ts"

await install()
await step("check", [bun, "run", "check"])
await build((line) => console.log(`── ${line}`))
process.exit(await test([]))
