import { describe, expect, test } from "bun:test"

import type { Open } from "../../../src/admin/connections.ts"
import { press } from "../../../src/cli/watch/top-keys.ts"
import {
  advance,
  type Look,
  type TopModel,
  destinationsOf,
  percentile,
  points,
  rates,
  refusalsOf,
  sum,
} from "../../../src/cli/watch/top-model.ts"
import { screen, sparkline, type View } from "../../../src/cli/watch/top-screen.ts"
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
  ended: [],
  missed: 0,
  ...fields,
})

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
  sort: "flows",
  filter: () => true,
  filterText: "",
  typing: undefined,
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

  test("inbound requests count for the workload, by whatever name their clients call it", () => {
    const request = { direction: "inbound", target: "localhost:80", method: "GET", status: 500 } as const
    const ended = ["shop.example", "10.0.0.1"].map((authority) => entry(0, { ...request, authority }))
    const model = after(look(0, { ended }))
    expect(destinationsOf(model, () => true, "flows")).toMatchObject([{ name: "localhost:80", flows: 2, errors: 2 }])
  })

  test("bytes that a connection counts are not counted again for its requests", () => {
    const request = { method: "GET", status: 200, authority: "a.example:443", bytes_in: 5, bytes_out: 50 } as const
    const tunnel = { bytes_in: 100, bytes_out: 1000 } as const
    const ended = [
      entry(0, { ...request, flow: 1 }),
      entry(0, { ...request, flow: 2 }),
      entry(1, { ...tunnel, flow: 2 }),
      entry(1, { ...request, flow: 3 }),
    ]
    const open = [{ ...entry(0, { ...tunnel, flow: 3 }), phase: "data", started: "", age: 1 } as const]
    expect(destinationsOf(after(look(1, { ended, open })), () => true, "flows")).toMatchObject([
      { flows: 4, open: 1, in: 205, out: 2050 },
    ])
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

/** Something with bytes and a first byte. */
const passed = (target: string, fields: Partial<Entry> = {}): Entry =>
  entry(0, { target, bytes_in: 60, bytes_out: 120, t_first_byte: 7, ...fields })
const beginsWithA = ({ target = "" }: { readonly target?: string | undefined }): boolean => target.startsWith("a.")

describe("the screen of top", () => {
  const ended = Array.from({ length: 50 }, (_, i) =>
    entry(0, { target: `${"very-long-name".repeat(9)}-${i}.example:443` }),
  )

  test("is as high and never wider than the terminal, whatever its size", () => {
    const model = after(look(0, { ended }), look(1))
    for (const columns of [1, 10, 40, 60, 80, 200]) {
      for (const rows of [1, 2, 8, 12, 24, 60]) {
        const lines = screen(model, { ...view, columns, rows })
        expect([columns, rows, lines.length]).toEqual([columns, rows, rows])
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
      }
    }
  })

  test("shows names harmless, and says how much it did not see", () => {
    const evil = entry(0, { target: "\x1b[2Jevil\u202e.example:443" })
    const lines = screen(after(look(0, { ended: [evil], missed: 1200 })), { ...view, columns: 120 })
    expect(lines.join("\n")).toContain(" \\u001b[2Jevil\\u202e.example:443 ")
    expect(lines.join("\n")).toContain("of 1 in 60 s, 1,200 unseen")
  })

  test("with a filter shows the totals of what it lets through", () => {
    const all = [
      ...Array.from({ length: 6 }, (_, i) => passed("a.example:443", { flow: i % 3, method: "GET" })),
      passed("a.example:443", { flow: 9, refusal: "connection-refused", bytes_in: 0, bytes_out: 0 }),
      passed("b.example:443", { flow: 10, t_first_byte: 5000 }),
    ]
    const open = ["a.example:443", "b.example:443"].map((target, flow): Open => ({
      flow,
      started: new Date(start).toISOString(),
      age: 0,
      direction: "outbound",
      protocol: "connect",
      phase: "data",
      client: "127.0.0.1:1",
      target,
      address: undefined,
      sni: undefined,
      bytes_in: 0,
      bytes_out: 0,
    }))
    const model = after(look(0, { ended: all, open, total: 2, ...connections(100) }), look(1, { open, total: 2 }))
    const lines = screen(model, { ...view, filter: beginsWithA, filterText: "host:a." }).map((line) => line.trimEnd())
    expect(lines.slice(2, 7)).toEqual([
      " connections        0.1/s        1 open   only what the filter lets through",
      " requests           0.1/s",
      " bytes        in        6 B/s   out       12 B/s",
      " first byte   p50   7.0 ms   p90   7.0 ms   p99   7.0 ms  of 7 in 60 s",
      " refused      connection-refused 1",
    ])
  })

  test("with colours says the same", () => {
    const model = after(look(0, { ended, ...connections(3) }), look(1, connections(5)))
    const colored = screen(model, { ...view, color: true }).map((line) => line.replaceAll(/\x1b\[\d+m/g, ""))
    expect(colored).toEqual([...screen(model, view)])
  })

  test("a sparkline is as high as its highest", () => {
    expect(sparkline([0, 1, 2, 4])).toBe("▁▃▅█")
    expect(sparkline([0, 0])).toBe("▁▁")
    expect(sparkline([])).toBe("")
  })
})

const pressed = (...inputs: ReadonlyArray<string>): View => {
  let now: View = view
  for (const input of inputs) {
    const next = press(now, input)
    if (next === "quit") throw new Error("quit")
    now = next
  }
  return now
}

describe("the keys of top", () => {
  test("q, Ctrl-C and Ctrl-D quit", () => {
    for (const key of ["q", "Q", "\x03", "\x04", "ssq"]) expect(press(view, key)).toBe("quit")
  })

  test("s and the arrows go through the sort keys, round and round", () => {
    expect(pressed("s").sort).toBe("open")
    expect(pressed("\x1b[C\x1b[C").sort).toBe("in")
    expect(pressed("\x1b[D").sort).toBe("name")
    expect(pressed("sSsS").sort).toBe("flows")
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
    const before = pressed("/a.ex\r")
    expect(press(before, "/\x15(b\r")).toEqual({
      ...before,
      problem: "the filter opens a parenthesis at character 1 that is never closed",
    })
    expect(pressed(`/${"x".repeat(2 * maxFilter)}`).typing?.length).toBe(maxFilter)
    expect(pressed("/a\x1b[Ab\t").typing).toBe("ab")
  })

  test("keys that mean nothing change nothing", () => {
    expect(pressed("xyz\x1b[A\x1bOP\t")).toEqual(view)
  })
})
