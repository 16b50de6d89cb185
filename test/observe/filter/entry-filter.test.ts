/** Filters of connections and requests: the fields of an entry. */
import { expect, test } from "bun:test"

import type { Entry } from "../../../src/observe/access/entry.ts"
import { filterFields, notProbe, parseFilter, printFilter } from "../../../src/observe/filter/entry-filter.ts"
import { isProblem } from "../../../src/observe/filter/problem.ts"
import { connectionEntry } from "../../support/entries.ts"
import { flowOf } from "../../support/flows.ts"

const request: Entry = {
  ...connectionEntry(flowOf(), 0),
  protocol: "http",
  target: "api.example.com:80",
  authority: "api.example.com:80",
  address: "192.0.2.7:80",
  phase: "data",
  method: "GET",
  path: "/People/1",
  trace: "4bf92f3577b34da6a3ce929d0e0e4736",
  status: 503,
  bytes_in: 10,
  bytes_out: 20,
  t_total: 12.5,
}
const tunnel: Entry = {
  ...connectionEntry(flowOf({ id: 8, direction: "inbound", clientPort: 40_001, sni: "db.example.com" }), 0),
  protocol: "connect",
  target: "db.example.com:5432",
  end: "proxy",
  phase: "dial",
  refusal: "connection-refused",
  t_total: 0.5,
}
const probe: Entry = {
  ...connectionEntry(flowOf({ id: 9, clientPort: 9, endedBy: "client", protocol: "tcp" }), 0, 1),
}

const filterOf = (text: string) => {
  const filter = parseFilter(text)
  if (isProblem(filter)) throw new Error(`${text} ${filter.problem}`)
  return filter
}

const matches = (text: string): string => {
  const { matches } = filterOf(text)
  return `${matches(request) ? "request" : ""}${matches(tunnel) ? "tunnel" : ""}${matches(probe) ? "probe" : ""}`
}

test.each([
  ["", "requesttunnelprobe"],
  ["host ~ api", "request"],
  ["host~API", "request"],
  ["host:api", "request"],
  ["host !~ api", "tunnelprobe"],
  ["host = api.example.com", "request"],
  ["host = api.example.com:80", "request"],
  ["host = api.example.com:81", ""],
  ["host = api", ""],
  ["address:192.0.2", "request"],
  ["sni:db", "tunnel"],
  ["client:40001", "tunnel"],
  ["status = 503", "request"],
  ["status:5xx", "request"],
  ["status:500..599", "request"],
  ["status = 4xx", ""],
  ["status != 5xx", "tunnelprobe"],
  ["-status:5xx", "tunnelprobe"],
  ["status >= 500", "request"],
  ["status < 500", ""],
  ["direction:inbound", "tunnel"],
  ["protocol:connect", "tunnel"],
  ["method:get", "request"],
  ["method:GE", ""],
  ["end:proxy", "tunnel"],
  ["phase:data", "request"],
  ["direction = outbound and host ~ example ms > 10", "request"],
  ["ms:..0.5", "tunnel"],
  ["ms:1..", "requestprobe"],
  ["bytes >= 30", "request"],
  ["bytes:30..30", "request"],
  ["refusal ~ refused", "tunnel"],
  ['refusal~""', "tunnel"],
  ["error = connection-refused", "tunnel"],
  ["flow = 8", "tunnel"],
  ["trace:4bf92f35", "request"],
  ["trace = 4bf92f3577b34da6a3ce929d0e0e4736", "request"],
  ["trace = 4bf92f35", ""],
  // No word without a field is looked for in it: numbers would be found everywhere.
  ["4736", ""],
  ["people", "request"],
  ["get", "request"],
  ["503", "request"],
  ["refused", "tunnel"],
  ["connect -api", "tunnel"],
  ["192.0.2.7:80", "request"],
  ['path = "/people/1"', "request"],
  ["path:/people", "request"],
  ["-path:/people", "tunnelprobe"],
  ["example nothing", ""],
  ['"host"', ""],
  ["probe", "probe"],
  ["not probe", "requesttunnel"],
  ["probe or status:5xx", "requestprobe"],
])("%p lets through %p", (text, wanted) => {
  expect(matches(text)).toBe(wanted)
})

test("every field has a name of its own, and stands in what is said of an unknown one", () => {
  expect(filterFields).toEqual(
    "host address sni client direction protocol method path status end phase refusal error trace bytes ms flow".split(
      " ",
    ),
  )
  expect(parseFilter("nobody:x")).toMatchObject({ problem: expect.stringContaining(filterFields.join(", ")) })
})

test.each([
  ["direction:in", 'asks for direction "in" at character 11, which never is: write one of inbound, outbound'],
  [
    "protocol:socks",
    'asks for protocol "socks" at character 10, which never is: ' +
      "write one of tcp, http, connect, socks4, socks4a, socks5, unknown",
  ],
  [
    "end:nobody",
    'asks for end "nobody" at character 5, which never is: write one of client, target, proxy, timeout, limit, drain',
  ],
  ["phase:x", 'asks for phase "x" at character 7, which never is: write one of detect, handshake, dial, data'],
  [
    "hsot:api",
    `asks for "hsot" at character 1; did you mean host?; as a word to look for write "hsot:api", in a shell '"hsot:api"'`,
  ],
])("%p is refused", (text, problem) => {
  expect(parseFilter(text)).toMatchObject({ problem })
})

test("what asks for probes only is known without an entry", () => {
  expect(filterOf("not probe").byProbe).toEqual({ probes: false, others: true })
  expect(filterOf("").byProbe).toEqual({ probes: true, others: true })
  expect(filterOf("probe").byProbe).toEqual({ probes: true, others: false })
  expect(filterOf("probe or not probe").byProbe).toEqual({ probes: true, others: true })
  expect(filterOf("not probe host:api").byProbe).toBeUndefined()
  expect(filterOf("api").byProbe).toBeUndefined()
})

test("the text of a filter is its own", () => {
  expect(filterOf("not probe").expression).toEqual(notProbe)
  expect(printFilter(notProbe)).toBe("not probe")
  expect(printFilter(filterOf("-probe and (host ~ api or status = 5xx)").expression)).toBe(
    "not probe (host ~ api or status = 5xx)",
  )
  expect(printFilter(filterOf("").expression)).toBe("")
})
