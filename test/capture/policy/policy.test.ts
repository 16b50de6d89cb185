/** Policy: what becomes a record by the settings, made of data that another thread could have. */
import { expect, test } from "bun:test"

import { makePolicy, type Policy, type PolicyData } from "../../../src/capture/policy/policy.ts"
import type { ExchangeRecord } from "../../../src/capture/record.ts"
import { makeExchange } from "../../support/capture-records.ts"

const usual: PolicyData = { filter: "not probe", keep: undefined, sample: 100, redaction: { rules: undefined } }

const policyOf = (data: Partial<PolicyData>): Policy =>
  makePolicy(structuredClone({ ...usual, ...data }), {
    digest: () => "0123456789abcdef".repeat(4),
    now: () => 0,
    salt: 7,
  })

const withStatus = (status: number): ExchangeRecord => {
  const record = makeExchange()
  return { ...record, response: { headers: [], line: { version: "1.1", status, reason: "" } } }
}

test("the filter says what is recorded, whoever was drawn", () => {
  const { refuses } = policyOf({ filter: "status:2xx" })
  expect([refuses(withStatus(200), true), refuses(withStatus(500), true)]).toEqual([undefined, "filter"])
})

test("what was not drawn is recorded only where it is kept, and where the filter lets it", () => {
  const { refuses, keepsUndrawn } = policyOf({ sample: 0, keep: "status:5xx", filter: "not status:503" })
  expect(keepsUndrawn).toBe(true)
  expect([200, 500, 503].map((status) => refuses(withStatus(status), false))).toEqual(["sample", undefined, "filter"])
  expect(policyOf({ sample: 0 }).refuses(withStatus(500), false)).toBe("sample")
})

test("probes are wanted where the filter can let one through", () => {
  expect(policyOf({}).wantsProbes).toBe(false)
  expect(policyOf({ filter: "" }).wantsProbes).toBe(true)
  expect(policyOf({ keep: "status:5xx" }).wantsProbes).toBe(false)
})

test("a trace is drawn by its id, whatever its connection is", () => {
  const { draws, drawsAll } = policyOf({ sample: 50 })
  expect([drawsAll, policyOf({}).drawsAll]).toEqual([false, true])
  const traced = (n: number, flow: number): boolean => {
    const trace = n.toString(16).padStart(32, "0")
    return draws({ flow, headers: [["TraceParent", `00-${trace}-00f067aa0ba902b7-01`]] })
  }
  const drawn = Array.from({ length: 100 }, (_, n) => traced(n + 1, 1))
  expect(Array.from({ length: 100 }, (_, n) => traced(n + 1, n))).toEqual(drawn)
  expect(new Set(drawn)).toEqual(new Set([true, false]))
  const alone = Array.from({ length: 100 }, (_, flow) => draws({ flow, headers: [] }))
  expect(new Set(alone)).toEqual(new Set([true, false]))
})

test("secrets are replaced by the built-in rules and those of the file, unless that is off", () => {
  const record = makeExchange()
  const secret: ExchangeRecord = {
    ...record,
    request: {
      ...record.request,
      headers: [
        ["Authorization", "Bearer s3cret-s3cret"],
        ["X-User", "anna"],
      ],
    },
  }
  const headersOf = (redaction: PolicyData["redaction"]) => policyOf({ redaction }).redact(secret).request.headers
  expect(headersOf({ rules: undefined })).toEqual([
    ["Authorization", "Bearer tok_0123456789ab"],
    ["X-User", "anna"],
  ])
  expect(headersOf({ rules: { hide: ["request.headers.x-user"] } })[1]).toEqual(["X-User", "tok_0123456789ab"])
  expect(headersOf("off")).toEqual(secret.request.headers)
})

test("what is not understood makes no policy", () => {
  expect(() => policyOf({ redaction: { rules: { hid: [] } } })).toThrow("hid is no rule")
  expect(() => policyOf({ filter: "hsot:a" })).toThrow('the filter "hsot:a"')
})
