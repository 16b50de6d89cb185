import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { drain } from "../../../src/cli/running/drain.ts"
import { type Given, settingsOf } from "../../support/settings.ts"

const ask = (port: number, flags: Given["flags"] = {}) =>
  Effect.runPromise(drain(settingsOf({ flags: { "admin-port": String(port), ...flags } })))

const answering = (status: number, body = "") =>
  Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(body, { status }) })

test("it posts to /drain of the admin port, and ends with 0 when that is accepted", async () => {
  const asked: Array<string> = []
  await using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      asked.push(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`)
      return new Response("", { status: 202 })
    },
  })
  expect(await ask(server.port ?? 0)).toMatchObject({ stderr: "", code: 0 })
  expect(asked).toEqual(["POST /drain "])
})

test("it says what will happen, with the settings in force", async () => {
  await using server = answering(200)
  expect((await ask(server.port ?? 0)).stdout).toBe(
    [
      "draining: /readyz answers 503",
      "inbound: accepts no more connections",
      "outbound: accepts connections until the end",
      "end: when no connection is left, at the latest in 25s",
      "",
    ].join("\n"),
  )
  const delayed = { "proxy-type": "reverse", "drain-delay": "5s", "drain-timeout": "2m" }
  expect((await ask(server.port ?? 0, delayed)).stdout).toBe(
    [
      "draining: /readyz answers 503",
      "inbound: accepts connections for another 5s",
      "end: when 5s are over and no connection is left, at the latest in 2m",
      "",
    ].join("\n"),
  )
})

test("an answer that is no yes is 1 with one line, and promises nothing", async () => {
  await using server = answering(404, "no such thing\n")
  expect(await ask(server.port ?? 0)).toEqual({
    stdout: "",
    stderr: `pillion: not draining: http://127.0.0.1:${server.port}/drain answers 404 (no such thing)\n`,
    code: 1,
  })
})

test("a port where nothing listens is 1 and says what to look at", async () => {
  expect(await ask(1)).toEqual({
    stdout: "",
    stderr: "pillion: not draining: nothing listens on 127.0.0.1:1; is the proxy running, with admin-port 1?\n",
    code: 1,
  })
})

test("an admin port of 0 without a ports file is 1 and says what is missing", async () => {
  const { stdout, stderr, code } = await ask(0)
  expect({ stdout, code }).toEqual({ stdout: "", code: 1 })
  expect(stderr).toMatch(/^pillion: admin-port is 0, .*--ports-file\n$/)
})
