/** What a fiber that waits holds on to: nothing of `async_hooks`, for every connection has one. */
import { expect, test } from "bun:test"
import { join } from "node:path"

const root = join(import.meta.dir, "../..")

/** How many AsyncResources a fiber that waits has, in a process that imports `first` before Effect. */
const held = (...first: ReadonlyArray<string>): string => {
  const script = [
    ...first.map((path) => `import ${JSON.stringify(path)}`),
    'import * as Effect from "effect/Effect"',
    'import { AsyncResource } from "node:async_hooks"',
    "const fiber = Effect.runFork(Effect.never)",
    "console.log(Object.values(fiber).filter((value) => value instanceof AsyncResource).length)",
    "process.exit()",
  ].join("\n")
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script], { cwd: root })
  return `${stdout}${stderr}`.trim()
}

test("a fiber has an AsyncResource by default, and none behind plain-fibers.ts", () => {
  expect([held(), held("./src/plain-fibers.ts")]).toEqual(["1", "0"])
})

test("main.ts imports it before anything else", async () => {
  const main = await Bun.file(join(root, "src/main.ts")).text()
  expect(/^import .*$/m.exec(main)?.[0]).toBe('import "./plain-fibers.ts"')
})
