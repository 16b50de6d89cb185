/** What is written into the page's box, as filters of connections, requests and settings. */
import { expect, test } from "bun:test"

import { filtersOf, noFilters, type Setting } from "../../../../src/admin/page/model/filters.ts"
import { endedRow, openRow, type Told } from "../../../../src/admin/page/model/rows.ts"

const open: Told = {
  flow: 7,
  started: "2026-01-02T03:04:05.000Z",
  age: 1500,
  direction: "outbound",
  protocol: "socks5",
  phase: "data",
  client: "127.0.0.1:40000",
  target: "API.example:443",
  bytes_in: 10,
  bytes_out: 20,
}
const ended: Told = {
  flow: 8,
  time: "2026-01-02T03:04:06.000Z",
  t_total: 12.5,
  direction: "inbound",
  protocol: "http",
  method: "GET",
  path: "/health",
  status: 200,
  probe: true,
}
const port: Setting = { option: "admin-port", value: "4100", origin: "default" }

const fits = (text: string): string => {
  const { rows, settings } = filtersOf(text, noFilters)
  expect([text, rows.problem]).toEqual([text, undefined])
  const found = [rows.fits(openRow(open).facts), rows.fits(endedRow(ended, 1).facts), settings.fits(port)]
  return ["open", "ended", "port"].filter((_, i) => found[i]).join(" ")
}

test.each([
  ["", "open ended port"],
  ["  ", "open ended port"],
  ["api", "open"],
  ["SOCKS5 api.example", "open"],
  ["api -http", "open"],
  ["api nowhere", ""],
  ["admin-port", "port"],
  ["4100", "port"],
  ["get", "ended"],
])("%p shows %p", (text, shown) => expect(fits(text)).toBe(shown))

const shown = (text: string): string => fits(text).replace(/ ?port$/, "")

test("fields, ages and facts can be asked for", () => {
  expect(shown("host:api phase:data")).toBe("open")
  expect(shown("ms:1000..")).toBe("open")
  expect(shown("status:2xx")).toBe("ended")
  expect(shown("bytes:30 or probe")).toBe("open ended")
  expect(shown("not probe")).toBe("open")
})

test("settings have fields of their own", () => {
  const { settings } = filtersOf("option:port origin=default", noFilters)
  expect(settings.fits(port)).toBe(true)
  expect(settings.fits({ ...port, origin: "flag --admin-port" })).toBe(false)
})

test("the filter before stays in force while the text is none, and the problem says why", () => {
  const before = filtersOf("api", noFilters)
  const { rows, settings } = filtersOf("status:", before)
  expect(rows.fits).toBe(before.rows.fits)
  expect(settings.fits).toBe(before.settings.fits)
  expect(rows.problem).toBe('The filter has no value behind "status:" at character 8: write one, or quote it.')
  expect(filtersOf("api", { rows, settings }).rows.problem).toBeUndefined()
})

test("fields of another kind than they should be are asked for nothing", () => {
  const { facts } = openRow({ ...open, target: 7, client: null, bytes_in: "many" })
  for (const text of ["host:7", "client:1", "bytes:1..", "null"]) {
    expect([text, filtersOf(text, noFilters).rows.fits(facts)]).toEqual([text, text === "bytes:1.."])
  }
})
