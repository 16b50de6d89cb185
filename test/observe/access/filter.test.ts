import { expect, test } from "bun:test"
import * as Result from "effect/Result"

import type { Entry } from "../../../src/observe/access/entry.ts"
import { filterFields, maxFilter, parseFilter } from "../../../src/observe/access/filter.ts"
import { connectionEntry } from "../../support/entries.ts"
import { flowOf } from "../../support/flows.ts"

const request: Entry = {
  ...connectionEntry(flowOf(), 0),
  protocol: "http",
  target: "api.example.com:80",
  authority: "api.example.com:80",
  method: "GET",
  path: "/People/1",
  status: 503,
  bytes_in: 10,
  bytes_out: 20,
  t_total: 12.5,
}
const tunnel: Entry = {
  ...connectionEntry(flowOf({ id: 8, direction: "inbound", clientPort: 40_001 }), 0),
  protocol: "connect",
  target: "db.example.com:5432",
  refusal: "connection-refused",
}

const matches = (text: string): string => {
  const filter = Result.getOrThrow(parseFilter(text))
  return `${filter(request) ? "request" : ""}${filter(tunnel) ? "tunnel" : ""}`
}

test.each([
  ["", "requesttunnel"],
  ["host ~ api", "request"],
  ["host~API", "request"],
  ["host !~ api", "tunnel"],
  ["host = api.example.com", "request"],
  ["host = api.example.com:80", "request"],
  ["host = api.example.com:81", ""],
  ["status = 503", "request"],
  ["status = 5xx", "request"],
  ["status = 4xx", ""],
  ["status != 5xx", "tunnel"],
  ["status >= 500", "request"],
  ["status < 500", ""],
  ["direction = inbound", "tunnel"],
  ["direction = outbound and host ~ example ms > 10", "request"],
  ["bytes >= 30", "request"],
  ["refusal ~ refused", "tunnel"],
  ["error = connection-refused", "tunnel"],
  ["flow = 8", "tunnel"],
  ["people", "request"],
  ["refused", "tunnel"],
  ['path = "/people/1"', "request"],
  ["example nothing", ""],
  ['"host"', ""],
])("%p lets through %p", (text, wanted) => {
  expect(matches(text)).toBe(wanted)
})

test.each([
  ["nobody = 1", `asks for "nobody": write one of ${Object.keys(filterFields).join(", ")}`],
  ["constructor = 1", "asks for"],
  ["ms > soon", "compares ms with what is no number"],
  ["host /somewhere api", `holds "host" without an operator: write for example 'host ~ api ms > 100', quoted against`],
  ["api ms", 'holds "ms" without an operator'],
  ["host = ", 'is not understood from "=" on'],
  ["host ~ api = ", 'is not understood from "=" on'],
  ["x".repeat(maxFilter + 1), "is longer than 500 characters"],
])("%p is refused with a reason", (text, reason) => {
  const parsed = parseFilter(text)
  expect(Result.isFailure(parsed) && parsed.failure).toStartWith(reason)
})
