import { describe, expect, test } from "bun:test"

import { show, type ShowArgs } from "../../../src/cli/records/show.ts"
import type { CaptureRecord } from "../../../src/capture/record.ts"
import type { Screen } from "../../../src/cli/records/screen.ts"
import {
  binaryBody,
  charge,
  chat,
  makeExchange,
  makeRequest,
  makeResponse,
  textBody,
} from "../../support/capture-records.ts"
import { pipe, ran, refusedBy, sourceOf, terminal } from "../../support/record-source.ts"

const order = makeExchange({ t_total: 214 })
const plain: Omit<ShowArgs, "id"> = { curl: false, har: false, json: false, raw: undefined, body: undefined }

const shown = (
  id: string,
  args: Partial<ShowArgs> = {},
  records: ReadonlyArray<CaptureRecord> = [charge, chat, order],
  screen: Screen = pipe,
) => ran((write) => show(sourceOf(records), { ...plain, id, ...args }, { screen, write, version: "0.0.0" }))

test("a record is shown with its cause, and with what it caused", async () => {
  const { stdout, code } = await shown("7c11e4")
  expect(stdout).toStartWith("7c11e4  POST https://pay.example/v1/charges?key=tok_4b1d9e77a0c2  201\n")
  expect(stdout).toContain("\ncause    77b0aa, by traceparent\n")
  expect(stdout).toContain('\n  "card": "4000008812345671",\n')
  expect(stdout).toContain("\nrequest.json.$.card            card  4000008812345671\n")
  expect(code).toBe(0)
  expect((await shown("77b0aa")).stdout).toContain("\neffect   7c11e4 POST https://pay.example/v1/charges?key=")
})

test("an id is any end of it that no other one has, in any case, with hyphens or without", async () => {
  for (const id of ["7C11E4", charge.id, charge.id.replaceAll("-", ""), "9d52-6a0f3b7c11e4"]) {
    expect((await shown(id, { json: true })).stdout).toBe(`${JSON.stringify(charge)}\n`)
  }
  const other = makeExchange({ id: "019b2f6e-1c32-7a41-9d52-6a0f3a7c11e4" })
  expect(await shown("7c11e4", {}, [charge, other])).toMatchObject({
    stderr: `pillion: 2 records have ids that end with 7c11e4: ${charge.id} ${other.id}\n`,
    code: 1,
  })
  // One that stands there twice is one.
  expect(await shown("b7c11e4", {}, [charge, charge, other])).toMatchObject({ code: 0 })
})

const refusal = (id: string) =>
  refusedBy(show(sourceOf([charge]), { ...plain, id }, { screen: pipe, write: async () => {}, version: "" }))

test("what is no id is a wrong use, and what is none of the capture a failure", async () => {
  expect(await shown("abcdef")).toMatchObject({
    stderr: "pillion: no record has an id that ends with abcdef\n",
    code: 1,
  })
  expect(await refusal("7c11e")).toBe('"7c11e" is no id: write at least 6 characters of its end')
  expect(await refusal("charge")).toBe('"charge" is no id: an id is hexadecimal digits')
})

test("it is shown in one way only", async () => {
  const args = { ...plain, id: "7c11e4", curl: true, raw: "request" as const }
  const parts = { screen: pipe, write: async () => {}, version: "" }
  expect(await refusedBy(show(sourceOf([charge]), args, parts))).toBe(
    "show takes one of --curl, --har, --raw, --body and --json",
  )
})

test("as a command, and as an archive of one", async () => {
  expect((await shown("7c11e4", { curl: true })).stdout).toContain(
    "\ncurl 'https://pay.example/v1/charges?key='\"${TOK_4B1D9E77A0C2:?was redacted}\" ",
  )
  const { log } = JSON.parse((await shown("7c11e4", { har: true })).stdout)
  expect(log).toMatchObject({ version: "1.2", creator: { name: "pillion", version: "0.0.0" } })
  expect(log.entries.map((entry: { _id: string }) => entry._id)).toEqual([charge.id])
})

const image = makeExchange({
  id: "019b2f6e-1c30-7a41-9d52-6a0f3b000001",
  request: makeRequest({ headers: [["Host", "a\x1b[2J"]] }),
  response: makeResponse(200, [["Content-Type", "image/png"]], binaryBody(new Uint8Array([0, 255, 10]), "image/png")),
})
const left = makeExchange({
  id: "019b2f6e-1c30-7a41-9d52-6a0f3b000002",
  request: makeRequest({ body: textBody("a\x1b[2J\r\nb") }),
  response: makeResponse(200, [], { size: 5000, wire: 5000, type: "", omitted: "off" }),
})
const others = [image, left, chat, order]

const on = (id: string, args: Partial<ShowArgs>) => shown(id, args, others, terminal)

/** What is printed, what is said, and the exit code. */
const why = async (id: string, args: Partial<ShowArgs>, records: ReadonlyArray<CaptureRecord> = others) => {
  const { stderr, stdout, code } = await shown(id, args, records)
  return [stdout, stderr, code]
}

describe("messages", () => {
  test("go through a pipe byte by byte", async () => {
    expect((await shown("000001", { body: "response" }, others)).bytes).toEqual(Buffer.from([0, 255, 10]))
    expect((await shown("000001", { raw: "response" }, others)).bytes).toEqual(
      Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n"), Buffer.from([0, 255, 10])]),
    )
    expect((await shown("000002", { body: "request" }, others)).written).toBe("a\x1b[2J\r\nb")
    expect((await shown("000002", { raw: "request" }, others)).written).toBe(
      "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\na\x1b[2J\r\nb",
    )
    expect(await shown("000001", { body: "request" }, others)).toMatchObject({ stdout: "", written: "", code: 0 })
  })

  test("steer no terminal", async () => {
    expect(await on("000002", { body: "request" })).toMatchObject({ stdout: "a\\u001b[2J\\u000d\nb\n", written: "" })
    expect((await on("000001", { raw: "request" })).stdout).toBe("GET / HTTP/1.1\nHost: a\\u001b[2J\n\n")
    for (const args of [{ body: "response" }, { raw: "response" }] as const) {
      expect(await on("000001", args)).toMatchObject({
        stdout: "",
        stderr: "pillion: the body is binary: send it to a file or through a pipe\n",
        code: 1,
      })
    }
  })

  test("that are not there are failures that say why", async () => {
    const body = "pillion: the body of 4.9 KiB is not in the record: off\n"
    expect(await why("000002", { body: "response" })).toEqual(["", body, 1])
    expect(await why("77b0aa", { raw: "response" })).toEqual(["", "pillion: no response came\n", 1])
    const { request: _, ...rest } = order
    const stream: CaptureRecord = { ...rest, kind: "stream" }
    expect(await why("77b0aa", { raw: "request" }, [stream])).toEqual([
      "",
      "pillion: a record of kind stream holds no request\n",
      1,
    ])
    expect(await why("77b0aa", { curl: true }, [stream])).toEqual([
      "",
      "pillion: a record of kind stream holds no request\n",
      1,
    ])
  })
})
