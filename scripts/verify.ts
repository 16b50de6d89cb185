/**
 * Verify: everything that must hold, from a fresh clone: install, check, build, all tests. Its last line is
 * `N passed, N failed`, and its exit code says the same.
 *
 * `bun run verify --quick` leaves out what takes long: the pure code and the servers by themselves, and of the executable
 * what most people do with it.
 */
import { join } from "node:path"

import { build } from "./build.ts"
import { buildCollector } from "./collector.ts"
import { installClients } from "./recipes.ts"
import { bun, root, step } from "./steps.ts"
import { test } from "./test.ts"

const quickTests = [
  ...["config", "cli", "protocol", "observe", "admin", "proxy", "scripts"].map((room) => `test/${room}/`),
  ...["modes", "commands", "http", "first-words"].map((name) => `test/e2e/${name}.test.ts`),
]

/** How long it took here the last time, of either kind; a guess for two cores where there is none. */
const lastTime = async (quick: boolean): Promise<string> => {
  const seconds = Number(
    await Bun.file(timeFile(quick))
      .text()
      .catch(() => ""),
  )
  if (seconds > 0) return `took ${inWords(seconds)} the last time here`
  return quick ? "takes about a minute" : "takes some ten minutes on two cores"
}

const timeFile = (quick: boolean): string => join(root, `dist/verify${quick ? "-quick" : ""}.seconds`)

const inWords = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} minutes`

const verify = async (quick: boolean): Promise<number> => {
  const started = performance.now()
  const rest = quick ? "" : "; `bun run verify --quick` takes about one minute"
  console.log(`── verify: ${quick ? "the quick tests" : "every test"}; this ${await lastTime(quick)}${rest}`)
  // A quarter of a gigabyte that only test/recipes uses; without it, those tests are skipped where they may be.
  if (process.env["CI"] === "true" && !quick) await installClients()
  // Some minutes the first time, which nobody else has to wait for: `bun run collector` does it.
  if (process.env["CI"] === "true" && !quick) await buildCollector()
  await step("check", [bun, "run", "check"])
  // Slower code is seen here without a network: each case is compared with a reference loop in the same run.
  if (process.env["CI"] === "true" && !quick) await step("micro-benchmarks", [bun, "bench/micro.ts", "--check"])
  await build((line) => console.log(`── ${line}`))
  const code = await test(quick ? quickTests : [])
  if (code === 0) await Bun.write(timeFile(quick), String((performance.now() - started) / 1000))
  return code
}

const others = process.argv.slice(2).filter((word) => word !== "--quick")
if (others.length > 0) {
  console.error(`pillion: verify does not know ${others[0]}: write --quick or nothing`)
  process.exit(2)
}
process.exit(await verify(process.argv.includes("--quick")))
