import { describe, expect, test } from "bun:test"

import { press } from "../../../src/cli/watch/top-keys.ts"
import {
  advance,
  type Look,
  type TopModel,
  percentile,
  points,
  rates,
  refusalsOf,
  scopeOf,
  sum,
} from "../../../src/cli/watch/top-model.ts"
import { destinationsOf, type SortKey } from "../../../src/cli/watch/top-destinations.ts"
import { percent, size, sparkline, time } from "../../../src/cli/watch/top-layout.ts"
import { type Frame, screen as frameOf } from "../../../src/cli/watch/top-screen.ts"
import { totalsFor } from "../../../src/cli/watch/top-summary.ts"
import type { Seen, View } from "../../../src/cli/watch/top-view.ts"
import type { ReportedDestination, ReportedRoute } from "../../../src/observe/metrics/destination.ts"
import type { Entry } from "../../../src/observe/access/entry.ts"
import { connectionEntry } from "../../support/entries.ts"
import { flowOf } from "../../support/flows.ts"
import { maxFilter } from "../../../src/observe/filter/parse.ts"

const start = Date.UTC(2026, 10, 23, 12, 0, 0)

const entry = (seconds: number, fields: Partial<Entry> = {}): Entry => ({
  ...connectionEntry(flowOf({ target: "a.example:443" }), 0),
  time: new Date(start + seconds * 1000).toISOString(),
  ...fields,
})

const look = (seconds: number, fields: Partial<Look> = {}): Look => ({
  now: start + seconds * 1000,
  version: "1.2.3",
  state: "ready",
  metrics: new Map(),
  total: 0,
  open: [],
  destinations: [],
  ended: [],
  missed: 0,
  ...fields,
})

const numbers = {
  requests: 120,
  bytes_in: 1500,
  bytes_out: 2500,
  rate_10s: 2.5,
  rate_60s: 2,
  ended_60s: 120,
  failed_60s: 6,
  success: 0.95,
  p50: 4.2,
  p95: 40,
  p99: 400,
  errors: { "connection-refused": 4, "503": 2 },
  last_error: { time: "2026-11-23T11:59:58.000Z", reason: "connection-refused", detail: "10.0.0.1:80 refused" },
}

const route = (template: string, fields: Partial<ReportedRoute> = {}): ReportedRoute => ({
  ...numbers,
  method: "GET",
  route: template,
  ...fields,
})

const destination = (name: string, fields: Partial<ReportedDestination> = {}): ReportedDestination => ({
  ...numbers,
  direction: "outbound",
  name,
  open: 3,
  connections: 9,
  tunnels: 1,
  status: { "200": 110, "404": 4, "503": 2, none: 4 },
  routes: [],
  ...fields,
})

const screen = (model: TopModel, view: View): Frame["lines"] => frameOf(model, view).lines

const connections = (count: number): Partial<Look> => ({
  metrics: new Map([['pillion_connections_total{direction="inbound"}', count]]),
})

const after = (...looks: ReadonlyArray<Look>): TopModel => {
  let model: TopModel | undefined
  for (const each of looks) model = advance(model, each)
  if (model === undefined) throw new Error("no looks")
  return model
}

const view: View = {
  columns: 80,
  rows: 24,
  color: false,
  list: "destinations",
  sort: "rate",
  filter: () => true,
  filterText: "",
  typing: undefined,
  chosen: undefined,
  opened: undefined,
  scroll: 0,
  problem: undefined,
  paused: false,
}

describe("the model of top", () => {
  test("rates are those of the last looks, and not below zero when the proxy was started anew", () => {
    expect(rates(after(look(0, connections(5))))[1]).toBe(0)
    expect(rates(after(look(0, connections(5)), look(2, connections(25))))[1]).toBe(10)
    const looks = [0, 1, 2, 3, 4, 5].map((second) => look(second, connections(second < 2 ? 0 : second * 10)))
    expect(rates(after(...looks))[1]).toBe(10)
    expect(rates(after(look(0, connections(500)), look(1, connections(3))))[1]).toBe(0)
  })

  test("it forgets what is over for a minute, and remembers no more points than it draws", () => {
    const looks = Array.from({ length: 100 }, (_, second) => look(second, { ended: [entry(second)] }))
    const model = after(...looks)
    expect(model.entries.length).toBe(61)
    expect(model.flowRates.length).toBe(points)
  })

  test("it is bounded however much ends", () => {
    const ended = Array.from({ length: 6000 }, () => entry(0))
    expect(after(look(0, { ended }), look(1, { ended })).entries.length).toBe(5000)
  })

  test("percentiles are values that were there", () => {
    const values = Array.from({ length: 100 }, (_, i) => i + 1)
    expect([0.5, 0.9, 0.99, 1].map((share) => percentile(values, share))).toEqual([50, 90, 99, 100])
    expect([percentile([7], 0.5), percentile([], 0.5)]).toEqual([7, undefined])
  })

  test("series are added up by their whole name, and refusals by reason", () => {
    const metrics = new Map([
      ['a_total{x="1"}', 2],
      ['a_total{x="2"}', 3],
      ["a_total_more", 100],
      ['pillion_refusals_total{direction="inbound",reason="x"}', 1],
      ['pillion_refusals_total{direction="outbound",reason="x"}', 2],
      ['pillion_refusals_total{direction="outbound",reason="y"}', 9],
    ])
    expect([sum(metrics, "a_total"), sum(metrics, "a_total", 'x="2"')]).toEqual([5, 3])
    expect(refusalsOf(metrics)).toEqual([
      ["y", 9],
      ["x", 3],
    ])
  })
})

const filtered = (text: string): Pick<View, "filter" | "filterText"> => ({
  filter: ({ target = "" }) => target.includes(text),
  filterText: text,
})

/** The names of three destinations, sorted. */
const order = (sort: SortKey): string => {
  const destinations = [
    destination("a:1", { rate_10s: 1, failed_60s: 9, success: null, p99: null }),
    destination("b:1", { rate_10s: 3, failed_60s: 0, success: 1, p99: 1 }),
    destination("c:1", { rate_10s: 2, failed_60s: 1, success: 0.5, p99: 9 }),
  ]
  const model = after(look(0, { destinations }))
  return destinationsOf(model, scopeOf(model, view), sort)
    .map(({ name }) => name[0])
    .join("")
}

describe("the destinations of top", () => {
  test("are the proxy's own numbers, sorted by any of them", () => {
    expect([order("rate"), order("errors"), order("success"), order("p99"), order("name")]).toEqual([
      "bca",
      "acb",
      "cba",
      "cba",
      "abc",
    ])
    const model = after(look(0, { destinations: [destination("a:1")] }))
    expect(destinationsOf(model, scopeOf(model, view), "rate")).toEqual([
      {
        key: "outbound a:1",
        direction: "outbound",
        name: "a:1",
        flows: 120,
        rate: 2.5,
        success: 0.95,
        open: 3,
        in: 1500,
        out: 2500,
        p50: 4.2,
        p95: 40,
        p99: 400,
        errors: 6,
      },
    ])
  })

  test("with a filter are made of what it lets through, and so are the totals", () => {
    const ended = [
      ...Array.from({ length: 3 }, () => entry(0, { method: "GET", t_first_byte: 8, bytes_in: 10, bytes_out: 20 })),
      entry(0, { refusal: "connection-refused", bytes_in: 0, bytes_out: 0 }),
      entry(0, { target: "b.example:443", method: "GET" }),
      entry(-30, { method: "GET", bytes_in: 0, bytes_out: 0 }),
    ]
    const model = after(look(0, { ended, total: 7, destinations: [destination("b.example:443")], ...connections(900) }))
    const scope = scopeOf(model, { ...view, ...filtered("a.example") })
    expect(destinationsOf(model, scope, "rate")).toEqual([
      {
        key: "outbound a.example:443",
        direction: "outbound",
        name: "a.example:443",
        flows: 5,
        rate: 0.4,
        success: 0.8,
        open: 0,
        in: 30,
        out: 60,
        p50: 8,
        p95: 8,
        p99: 8,
        errors: 1,
      },
    ])
    expect(totalsFor(model, scope)).toEqual({
      open: 0,
      connections: 0.1,
      requests: 0.3,
      bytesIn: 3,
      bytesOut: 6,
      allConnections: 1,
      allRequests: 4,
      allBytesIn: 30,
      allBytesOut: 60,
      since: "in 60 s",
      refusals: [["connection-refused", 1]],
      latencies: [8, 8, 8],
      ended: 5,
    })
    expect(totalsFor(model, scopeOf(model, view))).toMatchObject({ open: 7, allConnections: 900, since: "so far" })
  })

  test("with a filter have inbound requests at the workload, by whatever name their clients call it", () => {
    const request = { direction: "inbound", target: "localhost:80", method: "GET", status: 500 } as const
    const ended = ["shop.example", "10.0.0.1"].map((authority) => entry(0, { ...request, authority }))
    const model = after(look(0, { ended }))
    const scope = scopeOf(model, { ...view, ...filtered("localhost") })
    expect(destinationsOf(model, scope, "rate")).toMatchObject([
      { direction: "inbound", name: "localhost:80", flows: 2, errors: 2 },
    ])
  })

  test("with a filter count no bytes again for requests whose connection counts them, if it is let through", () => {
    const request = { method: "GET", status: 200, authority: "a.example:443", bytes_in: 5, bytes_out: 50 } as const
    const tunnel = { bytes_in: 100, bytes_out: 1000 } as const
    const ended = [
      entry(0, { ...request, flow: 1 }),
      entry(0, { ...request, flow: 2 }),
      entry(1, { ...tunnel, flow: 2 }),
      entry(1, { ...request, flow: 3 }),
    ]
    const open = [{ ...entry(0, { ...tunnel, flow: 3 }), phase: "data", started: "", age: 1 } as const]
    const model = after(look(1, { ended, open }))
    const all = scopeOf(model, { ...view, ...filtered("a.example") })
    expect(destinationsOf(model, all, "rate")).toMatchObject([{ flows: 4, open: 1, in: 205, out: 2050 }])
    // What is open is none of what ended.
    expect(totalsFor(model, all)).toMatchObject({ allBytesIn: 110, allBytesOut: 1100, bytesIn: 11, bytesOut: 110 })
    const requests = scopeOf(model, { filter: ({ method }) => method !== undefined, filterText: "method:GET" })
    expect(destinationsOf(model, requests, "rate")).toMatchObject([{ flows: 3, open: 0, in: 15, out: 150 }])
    expect(totalsFor(model, requests)).toMatchObject({ allBytesIn: 15, allBytesOut: 150 })
  })
})

/** Everything that is on a screen, without the blanks that lay it out. */
const wordsOf = (lines: ReadonlyArray<string>): string => lines.join(" ").replaceAll(/\s+/g, "")

/** The headings of the table for one destination. */
const headings = (columns: number, name: string): string => {
  const model = after(look(0, { destinations: [destination(name)] }))
  const line = screen(model, { ...view, columns }).find((each) => each.includes("DESTINATION")) ?? ""
  return line
    .replace(/.*\(1\)/, "")
    .trim()
    .replaceAll(/ +/g, " ")
}

describe("the screen of top", () => {
  const ended = Array.from({ length: 50 }, (_, i) =>
    entry(0, { target: `${"very-long-name".repeat(9)}-${i}.example:443` }),
  )
  const many = Array.from({ length: 12 }, (_, i) =>
    destination(
      i % 2 === 0 ? `service-${i}.namespace.svc.cluster.local:8080` : `${"long".repeat(30)}-${i}.example:443`,
    ),
  )

  test("is as high and never wider than the terminal, whatever its size", () => {
    const model = after(look(0, { ended, destinations: many }), look(1))
    const views: ReadonlyArray<Partial<View>> = [
      {},
      filtered("long"),
      { list: "requests" },
      { opened: "outbound service-0.namespace.svc.cluster.local:8080" },
      { typing: "x".repeat(200) },
      { problem: "x y ".repeat(80) },
    ]
    for (const more of views) {
      for (const columns of [1, 10, 40, 60, 80, 100, 160, 200]) {
        for (const rows of [1, 2, 8, 12, 24, 60]) {
          const lines = screen(model, { ...view, ...more, columns, rows })
          expect([columns, rows, lines.length]).toEqual([columns, rows, rows])
          expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
        }
      }
    }
  })

  test.each([80, 100, 160])(
    "at %d columns nothing is cut: names, reasons, keys, paths and details are whole",
    (columns) => {
      const reasons = [
        "connection-refused",
        "connection-timeout",
        "name-not-found",
        "destination-denied",
        "unknown-protocol",
      ]
      const metrics = new Map([
        ["process_start_time_seconds", start / 1000 - 86_400],
        ['pillion_connections_total{direction="outbound"}', 123_456_789],
        ['pillion_http_requests_total{direction="outbound"}', 987_654_321],
        ['pillion_bytes_total{flow="to_target"}', 123_456_789_012],
        ['pillion_bytes_total{flow="to_client"}', 987_654_321_098],
        ...reasons.map((reason, i) => [`pillion_refusals_total{reason="${reason}"}`, 1_234_567 + i] as const),
      ])
      const path = `/v1/${"a-rather-long-segment/".repeat(8)}end-of-path`
      const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
      const last = entry(0, {
        method: "POST",
        path,
        status: 503,
        target: many[0]?.name,
        authority: many[0]?.name,
        trace,
      })
      const opened = destination(many[0]?.name ?? "", {
        routes: [route(`/v1/${"another-segment/".repeat(6)}end-of-route`)],
        errors: Object.fromEntries(reasons.map((reason) => [reason, 1_234_567])),
      })
      const looked = {
        metrics,
        total: 123_456,
        ended: [last],
        missed: 4_321_987,
        destinations: [opened, ...many.slice(1)],
      }
      const model = after(look(0, looked), look(1, { ...looked, ended: [] }))
      const shown = (more: Partial<View>): string => wordsOf(screen(model, { ...view, columns, rows: 200, ...more }))
      const list = shown({ filterText: "", sort: "errors" })
      const names = list.replaceAll(/(out)?2\.5\/s95\.0%4\.2ms40ms400ms(1\.5kB2\.5kB)?3?6/g, "")
      for (const { name } of many) expect(names).toContain(name)
      for (const words of reasons.map((reason, i) => `${reason}${(1_234_567 + i).toLocaleString("en")}`)) {
        expect(list).toContain(words)
      }
      for (const words of ["987,654,321sofar", "123.5GBin,987.7GBout", "8,643,974unseen"]) expect(list).toContain(words)
      for (const words of ["qquit", "ssort:errors", "↑↓choose", "Enteropen", "tlast", "ppause", "/filter"]) {
        expect(list).toContain(words)
      }
      const detail = shown({ opened: `outbound ${opened.name}` })
      for (const words of [
        path,
        "end-of-route",
        "POST",
        "503",
        "Escback",
        "10.0.0.1:80refused",
        "none4",
        `trace${trace}`,
      ]) {
        expect([words, detail.includes(words)]).toEqual([words, true])
      }
      for (const reason of reasons) expect(detail).toContain(`${reason}1,234,567`)
      expect(shown({ list: "requests" })).toContain(opened.name + path)
      expect(shown({ typing: "host ~ ".repeat(20) })).toContain("Enter:applyEsc:leave")
    },
  )

  test("drops columns for names, the least important first, and never the errors", () => {
    expect(headings(160, "a:1")).toBe("WAY ↓RATE OK P50 P95 P99 IN OUT OPEN ERR")
    expect(headings(80, "a:1")).toBe("↓RATE OK P50 P95 P99 IN OUT ERR")
    expect(headings(80, "service.namespace.svc.cluster.local:80")).toBe("↓RATE OK P50 P95 P99 ERR")
    expect(headings(80, "x".repeat(200))).toBe("↓RATE OK P50 P95 P99 ERR")
    expect(headings(60, "a:1")).toBe("↓RATE OK P50 P99 ERR")
    expect(headings(30, "a:1")).toBe("ERR")
  })

  test("keeps the destination that the cursor is on in sight, and marks it with and without colours", () => {
    const destinations = Array.from({ length: 40 }, (_, i) => destination(`host-${i}:80`, { rate_10s: 100 - i }))
    const model = after(look(0, { destinations }))
    for (const i of [0, 7, 30, 39]) {
      const lines = screen(model, { ...view, chosen: `outbound host-${i}:80` })
      expect(lines.filter((line) => line.startsWith("▸")).map((line) => line.trim().split(" ")[0])).toEqual([
        `▸host-${i}:80`,
      ])
    }
    expect(screen(model, { ...view, color: true, chosen: "outbound host-3:80" }).join()).toContain("\x1b[7m▸host-3:80")
  })

  test("an open destination shows its numbers, its routes, and the last of what the filter lets through", () => {
    const a = destination("a.example:443", {
      routes: [route("/orders/{id}"), route("/late", { p50: null, rate_60s: 9 })],
    })
    const requests = ["/orders/1", "/orders/2"].map((path) => entry(0, { method: "GET", path, status: 404 }))
    const model = after(look(0, { destinations: [a], ended: [...requests, entry(0, { target: "b:1", path: "/b" })] }))
    const text = (more: Partial<View> = {}): ReadonlyArray<string> =>
      screen(model, { ...view, rows: 40, opened: "outbound a.example:443", ...more })
    const lines = text()
    const at = (words: string): number => lines.findIndex((line) => line.includes(words))
    expect(at(" a.example:443  outbound")).toBe(8)
    expect(lines[9]).toContain("rate 2.5/s   ok 95.0%   errors 6   p50 4.2 ms   p95 40 ms")
    expect(at("/orders/{id}") - at("/late")).toBe(1)
    expect(at("/orders/1") - at("/orders/2")).toBe(1)
    expect(lines.join()).toContain("404 GET /orders/2")
    expect(lines.join()).not.toContain("/b")
    expect(text({ filter: ({ path }) => path === "/orders/1" }).join()).not.toContain("/orders/2")
    // `other` has all that have no name.
    const rest = after(look(0, { destinations: [a, destination("other")], ended: model.last }))
    const others = screen(rest, { ...view, rows: 40, opened: "outbound other" }).join()
    expect([others.includes("/b"), others.includes("/orders/1")]).toEqual([true, false])
    // One that the proxy has no numbers for shows what ended all the same.
    expect(text({ opened: "outbound b:1" }).join()).toContain("/b")
  })

  test("shows names harmless, and says how much it did not see", () => {
    const evil = "\x1b[2Jevil\u202e.example:443"
    const model = after(
      look(0, { ended: [entry(0, { target: evil })], destinations: [destination(evil)], missed: 1200 }),
    )
    const lines = screen(model, { ...view, columns: 120 })
    expect(lines.join("\n")).toContain(" \\u001b[2Jevil\\u202e.example:443 ")
    expect(lines.join("\n")).toContain("of 1 in 60 s, 1,200 unseen")
    for (const more of [{ opened: `outbound ${evil}` }, { list: "requests" as const }, filtered("evil")]) {
      expect(screen(model, { ...view, ...more }).join("")).not.toMatch(/[\x00-\x1f\u202e]/)
    }
  })

  test("with colours says the same", () => {
    const model = after(look(0, { ended, destinations: many, ...connections(3) }), look(1, connections(5)))
    for (const more of [{}, { list: "requests" as const }, { opened: `outbound ${many[0]?.name}` }]) {
      const colored = screen(model, { ...view, ...more, color: true }).map((line) => line.replaceAll(/\x1b\[\d+m/g, ""))
      expect(colored).toEqual([...screen(model, { ...view, ...more })])
    }
  })

  test("a sparkline is as high as its highest", () => {
    expect(sparkline([0, 1, 2, 4])).toBe("▁▃▅█")
    expect(sparkline([0, 0])).toBe("▁▁")
    expect(sparkline([])).toBe("")
  })

  test("sizes and times leave a blank before them in their columns", () => {
    expect([0, 999, 1000, 9949, 9951, 574_800, 999_499, 999_501, 126e9, 5e15].map(size)).toEqual([
      "0 B",
      "999 B",
      "1.0 kB",
      "9.9 kB",
      "10 kB",
      "575 kB",
      "999 kB",
      "1.0 MB",
      "126 GB",
      "5.0 PB",
    ])
    expect([undefined, 0.44, 9.96, 999, 61_000].map(time)).toEqual(["-", "0.4 ms", "10 ms", "999 ms", "61.0 s"])
    const wide = destination("a.example:443", {
      bytes_in: 574_800,
      bytes_out: 999_499,
      p50: 99.4,
      p95: 999.4,
      p99: 99_999,
    })
    const model = after(look(0, { destinations: [wide] }))
    for (const columns of [80, 100, 160]) {
      const line = screen(model, { ...view, columns }).find((each) => each.startsWith(" a.example:443")) ?? ""
      expect(line).toMatch(/ 99 ms +999 ms +100\.0 s +575 kB +999 kB /)
    }
  })

  test("a share is never rounded to all or to nothing", () => {
    expect([undefined, 1, 0.9999, 0.5, 0.0001, 0].map(percent)).toEqual(["-", "100%", "99.9%", "50.0%", "0.1%", "0%"])
  })
})

/** Three destinations and a text that is longer than the screen. */
const seen: Seen = { keys: ["outbound a", "outbound b", "outbound c"], maxScroll: 12, page: 10 }

const pressed = (...inputs: ReadonlyArray<string>): View => {
  let now: View = view
  for (const input of inputs) {
    const next = press(now, input, seen)
    if (next === "quit") throw new Error("quit")
    now = next
  }
  return now
}

describe("the keys of top", () => {
  test("q, Ctrl-C and Ctrl-D quit", () => {
    for (const key of ["q", "Q", "\x03", "\x04", "ssq"]) expect(press(view, key, seen)).toBe("quit")
  })

  test("s and the arrows go through the sort keys, round and round", () => {
    expect(pressed("s").sort).toBe("errors")
    expect(pressed("\x1b[C\x1b[C").sort).toBe("success")
    expect(pressed("\x1b[D").sort).toBe("name")
    expect(pressed("sSsS").sort).toBe("rate")
  })

  test("a filter is typed, corrected, applied, left and cleared", () => {
    expect(pressed("/ab").typing).toBe("ab")
    expect(pressed("/ab\x7fc").typing).toBe("ac")
    expect(pressed("/ab\x15c").typing).toBe("c")
    expect(pressed("/a.ex\r")).toMatchObject({ typing: undefined, filterText: "a.ex" })
    expect(pressed("/a.ex\r", "/b\x1b")).toMatchObject({ typing: undefined, filterText: "a.ex" })
    expect(pressed("/a.ex\r", "\x1b")).toMatchObject({ filterText: "" })
    expect(pressed("/q\r").filterText).toBe("q")
    expect(pressed("/x = 1\r")).toMatchObject({ filterText: "", problem: expect.stringContaining('asks for "x"') })
    // What was wrong is read until the next key.
    expect(pressed("/x = 1\r", "s")).toMatchObject({ sort: "errors", problem: undefined })
    expect(pressed(`/${"x".repeat(2 * maxFilter)}`).typing?.length).toBe(maxFilter)
    expect(pressed("/a\x1b[Ab\t").typing).toBe("ab")
  })

  test("the arrows, j and k go through the destinations, and stop at the ends", () => {
    expect(pressed("\x1b[B").chosen).toBe("outbound a")
    expect(pressed("\x1b[Bj\x1bOB").chosen).toBe("outbound c")
    expect(pressed("jjjjj").chosen).toBe("outbound c")
    expect(pressed("jjjk").chosen).toBe("outbound b")
    expect(pressed("jkkk").chosen).toBe("outbound a")
    expect([pressed("\x1b[F").chosen, pressed("jj\x1b[H").chosen]).toEqual(["outbound c", "outbound a"])
    expect([pressed("j\x1b[6~").chosen, pressed("jjj\x1b[5~").chosen]).toEqual(["outbound c", "outbound a"])
  })

  test("Enter opens the destination that the cursor is on, or the first, and Escape goes back to it", () => {
    expect(pressed("jj\r")).toMatchObject({ opened: "outbound b", chosen: "outbound b", scroll: 0 })
    expect(pressed("\r").opened).toBe("outbound a")
    expect(pressed("jj\rjj").scroll).toBe(2)
    expect(pressed("jj\rjj\x1b")).toMatchObject({ opened: undefined, chosen: "outbound b", scroll: 0 })
    expect(press({ ...view, chosen: "outbound gone" }, "\r", seen)).toMatchObject({ opened: "outbound a" })
    expect(press(view, "\r", { ...seen, keys: [] })).toEqual(view)
  })

  test("Escape closes what is open before it clears the filter", () => {
    expect(pressed("/a\r", "\r", "\x1b")).toMatchObject({ opened: undefined, filterText: "a" })
    expect(pressed("/a\r", "\r", "\x1b", "\x1b").filterText).toBe("")
  })

  test("t changes to what ended last and back, which is scrolled as far as there is text", () => {
    expect(pressed("t").list).toBe("requests")
    expect(pressed("tt").list).toBe("destinations")
    expect(pressed("tjjj").scroll).toBe(3)
    expect(pressed("tjk\x1b[A").scroll).toBe(0)
    expect([pressed("t\x1b[6~\x1b[6~").scroll, pressed("t\x1b[F").scroll, pressed("t\x1b[F\x1b[H").scroll]).toEqual([
      12, 12, 0,
    ])
    expect(pressed("tjjtt").scroll).toBe(0)
    // In what the list of destinations alone can do.
    expect(pressed("ts\r")).toMatchObject({ sort: "rate", opened: undefined })
    expect(pressed("\rt").list).toBe("destinations")
  })

  test("keys that mean nothing change nothing", () => {
    expect(pressed("xyz\x1bOP\t")).toEqual(view)
  })
})
