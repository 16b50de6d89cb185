/** What the admin listener answers of records, with the token and without. */
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"

import { captureRoutes } from "../../../src/admin/captures/captures.ts"
import { makeHandler } from "../../../src/admin/router.ts"
import type { CaptureRecord } from "../../../src/capture/record.ts"
import { charge } from "../../support/capture-records.ts"

const token = "t0ken"

/** Three records, the oldest first. */
const records: ReadonlyArray<CaptureRecord> = [
  charge,
  { ...charge, id: "019b2f6e-1c31-7a41-9d52-6a0f3b000001", direction: "inbound" },
  {
    v: 1,
    id: "019b2f6e-1c32-7a41-9d52-6a0f3b7c11e4",
    kind: "stream",
    started: charge.started,
    flow: 1,
    n: 1,
    direction: "inbound",
    bytes_in: 0,
    bytes_out: 0,
  },
]

const kept = new Map(records.map((record) => [record.id, Buffer.from(`${JSON.stringify(record)}\n`)]))
const parts = {
  kept: { ids: () => [...kept.keys()], line: (id: string) => kept.get(id) },
  token,
  version: "0.0.0",
}

const ask = async (path: string, authorization: string | undefined = `Bearer ${token}`): Promise<Response> => {
  const headers = authorization === undefined ? {} : { authorization }
  const asking = Effect.flatMap(makeHandler(captureRoutes(parts)), (answer) =>
    Effect.promise(async () => {
      const response = await answer(new Request(`http://localhost${path}`, { headers }))
      return new Response(await response.arrayBuffer(), response)
    }),
  )
  return Effect.runPromise(Effect.scoped(asking))
}

const idsOf = async (path: string): Promise<ReadonlyArray<string>> => {
  const body = await (await ask(path)).text()
  return body
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as CaptureRecord).id)
}

const ids = records.map(({ id }) => id)

describe("without the token nothing is shown:", () => {
  const wrong = [undefined, "", "Bearer", "Bearer t0ke", "Bearer t0kenn", "Bearer T0KEN", `Basic ${token}`, token]
  for (const path of ["/captures", "/captures.har", `/captures/${charge.id}`]) {
    test.each(wrong)(`${path} with %p`, async (authorization) => {
      const response = await ask(path, authorization ?? "")
      expect(response.status).toBe(401)
      expect(response.headers.get("WWW-Authenticate")).toBe("Bearer")
      expect(await response.text()).not.toContain(charge.id)
    })
  }

  test("the word before it is written in any case", async () => {
    expect((await ask("/captures", `bearer ${token}`)).status).toBe(200)
  })
})

test("a list has the newest last, and no browser takes it for a page", async () => {
  const response = await ask("/captures")
  expect(response.headers.get("Content-Type")).toBe("application/x-ndjson")
  expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff")
  expect(response.headers.get("Cache-Control")).toBe("no-store")
  expect(await response.text()).toBe([...kept.values()].join(""))
})

test("a list with a filter and a limit has the newest of those", async () => {
  expect(await idsOf("/captures?filter=direction:inbound")).toEqual(ids.slice(1))
  expect(await idsOf("/captures?filter=kind:exchange&limit=1")).toEqual([ids[1]!])
  expect(await idsOf("/captures?limit=2")).toEqual(ids.slice(1))
  expect(await idsOf("/captures?filter=status:500")).toEqual([])
})

test.each([
  ["/captures?filter=hsot:a", "asks for"],
  ["/captures?limit=0", "from 1"],
  ["/captures?limit=x", "from 1"],
])("%s is refused", async (path, why) => {
  const response = await ask(path)
  expect(response.status).toBe(400)
  expect(await response.text()).toContain(why)
})

test("one record is named by an end of its id", async () => {
  for (const end of ["000001", "6a0f3b000001", ids[1]!]) {
    const response = await ask(`/captures/${end}`)
    expect(response.headers.get("Content-Type")).toBe("application/json")
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(records[1])))
  }
})

test.each([
  ["123456", 404],
  ["7c11e4", 409],
  ["00001", 400],
  ["zzzzzz", 400],
])("an end that names none: %s", async (end, status) => {
  expect((await ask(`/captures/${end}`)).status).toBe(status)
})

test("a HAR document holds the exchanges", async () => {
  const response = await ask("/captures.har")
  expect(response.headers.get("Content-Disposition")).toBe('attachment; filename="captures.har"')
  const { log } = (await response.json()) as {
    readonly log: { readonly entries: ReadonlyArray<{ readonly _id: string }> }
  }
  expect(log.entries.map(({ _id }) => _id)).toEqual(ids.slice(0, 2))
})

const at = (milliseconds: number): string => encodeURIComponent(new Date(milliseconds).toISOString())

describe("since", () => {
  const [first, second, third] = ids

  test("an id is followed by what is newer than that record", async () => {
    expect(await idsOf(`/captures?since=${first}`)).toEqual([second!, third!])
    expect(await idsOf(`/captures?since=${third}`)).toEqual([])
  })

  test("the id of a record that has gone says when it began", async () => {
    expect(await idsOf("/captures?since=019b2f6e-1c31-7000-8000-000000000000")).toEqual([second!, third!])
    expect(await idsOf("/captures?since=019b2f6f-0000-7000-8000-000000000000")).toEqual([])
  })

  test("a time is when records began", async () => {
    // What the first eleven digits of the ids say.
    const began = 0x019b2f6e1c31
    expect(await idsOf(`/captures?since=${at(began)}`)).toEqual([second!, third!])
    expect(await idsOf(`/captures?since=${at(began - 1000)}`)).toEqual([...ids])
    expect(await idsOf(`/captures?since=${encodeURIComponent("2020-01-01T00:00:00+02:00")}&limit=1`)).toEqual([third!])
  })

  test.each(["yesterday", "10m", "2026-11-28", "019b2f6e", "2026-13-41T00:00:00Z"])("%s is refused", async (since) => {
    const response = await ask(`/captures?since=${since}`)
    expect([response.status, await response.text()]).toEqual([
      400,
      "since is a time as 2026-11-28T09:30:00Z, or the id of a record\n",
    ])
  })
})
