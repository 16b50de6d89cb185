/** `pillion open`: what it prints, what the browser is started with, and where that is led. */
import { afterEach, beforeEach, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

import { type TokenPlaces, writeToken } from "../../../src/cli/running/admin-token.ts"
import { browserTimeout, open } from "../../../src/cli/running/open.ts"
import { settingsOf } from "../../support/settings.ts"
import { Condition, eventually } from "../../support/within.ts"

let root: string
/** An admin listener with this token, or one that takes another. */
let admin: Bun.Server<undefined>
let places: TokenPlaces
let token: string
const printed: Array<string> = []
const changed = new Condition()

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "pillion-open-"))
  places = { runtime: root, run: join(root, "none/run"), temporary: root, uid: process.getuid?.() ?? 0 }
  admin = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) =>
      request.headers.get("authorization") === `Bearer ${token}`
        ? Response.json({ capture: "off" })
        : new Response("it takes the token\n", { status: 401 }),
  })
  token = writeToken(admin.port ?? 0, places)?.token ?? ""
  printed.length = 0
})
afterEach(async () => {
  await admin.stop(true)
  rmSync(root, { recursive: true, force: true })
})

/** An opener for the PATH, as a shell script. */
const desktop = (script: string): Record<string, string> => {
  const path = join(root, "xdg-open")
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return { DISPLAY: ":0", PATH: root, OUT: join(root, "out") }
}

const opening = (environment: Record<string, string>, port = admin.port ?? 0) =>
  open(settingsOf({ flags: { "admin-port": String(port) } }), {
    environment,
    places,
    print: (text) => {
      printed.push(text)
      changed.changed()
      return true
    },
  })

const address = (): string => `http://127.0.0.1:${admin.port}/#token=${token}`

test("the browser is started with an address that holds no token, and led from there to the one that does, once", async () => {
  const running = Effect.runPromise(opening(desktop('echo "$1" > "$OUT"')))
  await changed.until(() => printed[0], "address")
  expect(printed).toEqual([`${address()}\n`])
  const start = await appeared(join(root, "out"))
  expect(start).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}$/)
  expect(start).not.toContain(token)
  const other = await fetch(new URL("/", start), { redirect: "manual", proxy: "" })
  expect([other.status, other.headers.get("Location")]).toEqual([404, null])
  const led = await fetch(start, { redirect: "manual", proxy: "" })
  expect([led.status, led.headers.get("Location"), led.headers.get("Cache-Control")]).toEqual([
    302,
    address(),
    "no-store",
  ])
  expect(await running).toEqual({ stdout: "", stderr: "", code: 0 })
  expect(fetch(start, { redirect: "manual", proxy: "" })).rejects.toThrow()
})

/** The line of a file that an opener writes. */
const appeared = async (path: string): Promise<string> => {
  const read = (): Promise<string> =>
    Bun.file(path)
      .text()
      .catch(() => "")
  await eventually(async () => (await read()).endsWith("\n"), true, `a line in ${path}`)
  return (await read()).trim()
}

/** The outcome where no browser was led there. */
const told = (why: string) => ({
  stdout: "",
  stderr: `pillion: not opened, for ${why}: open the address in a browser yourself\n`,
  code: 0,
})

test("without a desktop, an opener or a browser the address is printed, and it is told why nothing opened", async () => {
  expect(await Effect.runPromise(opening({ PATH: root }))).toEqual(told("no desktop is here"))
  expect(await Effect.runPromise(opening({ PATH: root, WAYLAND_DISPLAY: "w" }))).toEqual(told("there is no xdg-open"))
  expect(await Effect.runPromise(opening(desktop("exit 3")))).toEqual(told("xdg-open found no browser"))
  expect(printed).toEqual([`${address()}\n`, `${address()}\n`, `${address()}\n`])
})

test("a browser that does not come is waited for no longer than browserTimeout", async () => {
  const waited = Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(opening(desktop("exit 0")))
    yield* Effect.promise(() => changed.until(() => printed[0], "address"))
    yield* TestClock.adjust(browserTimeout)
    return yield* Fiber.join(fiber)
  })
  const { stderr } = await Effect.runPromise(Effect.provide(waited, TestClock.layer()))
  expect(stderr).toBe("pillion: not opened, for no browser came: open the address in a browser yourself\n")
})

test("without a token, or with that of an ended proxy, nothing is printed and it fails", async () => {
  const port = admin.port ?? 0
  const none = await Effect.runPromise(opening({}, port === 1 ? 2 : 1))
  expect(none).toEqual({
    stdout: "",
    stderr: `pillion: this user has no token of a proxy with admin-port 1: is it running, and as this user?\n`,
    code: 1,
  })
  token = "another"
  const stale = await Effect.runPromise(opening({}))
  expect([stale.code, stale.stderr]).toEqual([1, expect.stringContaining("answers 401 (it takes the token)")])
  expect(printed).toEqual([])
})
