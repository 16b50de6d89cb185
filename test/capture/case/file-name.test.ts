import { expect, test } from "bun:test"

import { caseOf } from "../../../src/capture/case/case.ts"
import { fileNameOf, folderOf, isVariable, maxFileName } from "../../../src/capture/case/file-name.ts"
import { fuzz } from "../../support/random.ts"
import { charge, makeExchange, makeRequest } from "../../support/capture-records.ts"

const caseAt = (target: string, method = "GET", host = "shop.test") =>
  caseOf(makeExchange({ request: makeRequest({ method, target, headers: [["Host", host]] }) }))!

test("a name is method, path and the id's end; the query is not in it", () => {
  expect(fileNameOf(caseOf(charge)!)).toBe("POST_v1_charges-7c11e4.md")
  expect(fileNameOf(caseAt("/"))).toBe("GET-77b0aa.md")
  expect(fileNameOf(caseAt("/orders/881/items?x=1"))).toBe("GET_orders_{id}_items-77b0aa.md")
  expect(fileNameOf(caseAt("http://shop.test/orders"))).toBe("GET_orders-77b0aa.md")
})

test("segments that are made anew for each thing are variable, words are not", () => {
  const variable = [
    "881",
    "019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4",
    "507f1f77bcf86cd799439011",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "tok_9f2c61d3b8aa",
    "ch_41ab",
    "eyJhbGciOiJIUzI1NiJ9.e30.Zm9vYmFyMTIz",
  ]
  expect(variable.filter((segment) => !isVariable(segment))).toEqual([])
  expect(["orders", "v1", "order_items", "api-2026", "favicon.ico", "ABCDEFGH", ""].filter(isVariable)).toEqual([])
})

test("inbound cases lie together, outbound ones by host without its port", () => {
  expect(folderOf(caseAt("/"))).toBe("inbound")
  expect(folderOf(caseOf(charge)!)).toBe("outbound/pay.example")
  const outbound = (host: string) => folderOf({ ...caseAt("/", "GET", host), direction: "outbound" })
  expect(outbound("Pay.Example:8443")).toBe("outbound/pay.example")
  expect(outbound("[::1]:80")).toBe("outbound/-1-".replace("/-", "/"))
  expect(outbound("../../etc")).toBe("outbound/etc")
  expect(outbound("")).toBe("outbound/unknown")
})

test("no name holds anything but safe characters, is longer than 120, or leaves its folder", () => {
  fuzz(500, (random) => {
    const noise = Array.from({ length: random.below(80) }, () =>
      random.pick(["/", ".", "..", "%2e", "\u202e", "a", "\0", " ", "💥", "~", "-"]),
    )
    const made = { ...caseAt(`/${noise.join("")}`, random.pick(["GET", "M-SEARCH", "..", "!"]), noise.join("")) }
    for (const each of [made, { ...made, direction: "outbound" as const }]) {
      const name = fileNameOf(each)
      expect(name).toMatch(/^[A-Za-z0-9._{}-]+-77b0aa\.md$/)
      expect(name.length).toBeLessThanOrEqual(maxFileName)
      expect(name).not.toStartWith(".")
      expect(folderOf(each)).toMatch(/^(inbound|outbound\/[A-Za-z0-9_][A-Za-z0-9._-]*)$/)
    }
  })
  expect(fileNameOf(caseAt(`/${"a".repeat(300)}`))).toHaveLength(maxFileName)
})
