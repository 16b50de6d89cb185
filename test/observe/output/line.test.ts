/** A line is what JSON.stringify and `jsonLine` would make of the same entry, byte for byte. */
import { expect, test } from "bun:test"

import type { RequestRecord } from "../../../src/flow/request-record.ts"
import { type Entry, entryOf, writeConnection, writeRequest } from "../../../src/observe/access/entry.ts"
import { fieldName, Line } from "../../../src/observe/output/line.ts"
import { jsonLine, shorten } from "../../../src/observe/output/text.ts"
import { refusal } from "../../../src/protocol/refusal.ts"
import { flowOf } from "../../support/flows.ts"
import { fuzz } from "../../support/random.ts"

const texts = [
  "",
  "plain",
  'a "quoted" one',
  "back\\slash",
  "line\nend",
  "\x7f\x00\x1b[31m",
  "é€😀",
  "\u202e\u200b",
  "x".repeat(3000),
]
const counts = [0, 1, 9, 10, 100, 2_147_483_647, 2_147_483_648, 4e12, 2 ** 53, 1e21]
const milliseconds = [0, 1, 12.5, 0.001, 999.999, 1.5e-7, 2_147_483.647, 2_147_483.648, 4e12, -1, -1e-9, 0.12345678]

const written = (fill: (line: Line) => void): string => {
  const line = new Line()
  line.begin()
  fill(line)
  line.end()
  return line.toString()
}

test("texts are written as JSON writes them, with what could harm a terminal escaped", () => {
  for (const a of texts)
    for (const b of texts) {
      expect(written((line) => (line.text(fieldName("a"), a), line.text(fieldName("b"), b)))).toBe(jsonLine({ a, b }))
    }
})

test("counts are written as JSON writes them, and milliseconds too, to the microsecond", () => {
  for (const a of counts)
    for (const b of milliseconds) {
      expect(written((line) => (line.count(fieldName("a"), a), line.milliseconds(fieldName("b"), b)))).toBe(
        jsonLine({ a, b: Math.round(b * 1000) / 1000 }),
      )
    }
  for (let i = 0; i < 20_000; i += 7) {
    expect(written((line) => line.milliseconds(fieldName("t"), i / 1000))).toBe(jsonLine({ t: i / 1000 }))
  }
})

test("lines that begin alike are whole all the same", () => {
  const line = new Line()
  for (const time of [
    "12:00",
    "12:00",
    "12:01",
    "x".repeat(5000),
    "x".repeat(5000),
    'a "quoted" one',
    "12:00",
    "12:00",
  ])
    for (const value of ["short", "long".repeat(3000)]) {
      line.beginWith(fieldName("time"), time)
      line.text(fieldName("value"), value)
      line.end()
      expect(line.toString()).toBe(jsonLine({ time, value }))
    }
  line.begin()
  line.end()
  line.beginWith(fieldName("time"), "12:00")
  line.end()
  expect(line.toString()).toBe(jsonLine({ time: "12:00" }))
})

test("a host and a port are one text", () => {
  for (const host of texts) {
    expect(written((line) => line.peer(fieldName("client"), host, 65_535))).toBe(jsonLine({ client: `${host}:65535` }))
  }
})

test("what is so is true", () => {
  expect(written((line) => line.yes(fieldName("probe")))).toBe(jsonLine({ probe: true }))
})

test("what is undefined is left out, and nothing of the line before stays", () => {
  const line = new Line()
  for (const value of ["a long one".repeat(1000), undefined, "short"]) {
    line.begin()
    line.text(fieldName("first"), "1")
    line.text(fieldName("value"), value)
    line.milliseconds(fieldName("time"), undefined)
    line.end()
    expect(line.toString()).toBe(jsonLine({ first: "1", value }))
  }
})

/** The entry of a line, which must be what `jsonLine` makes of it, and have its fields in their order. */
const checked = (line: Line): Entry => {
  const entry = entryOf(line)
  expect(line.toString()).toBe(jsonLine(entry))
  const order = Object.keys(entry).map((field) => fields.indexOf(field))
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  return entry
}

const fields =
  "time flow direction protocol client target address sni bytes_in bytes_out t_detect t_handshake t_dial t_first_byte t_total end phase code refusal detail unfollowed probe n method authority path version status error trace".split(
    " ",
  )

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

const micro = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : Math.round(milliseconds * 1000) / 1000

const between = (from: number | undefined, to: number | undefined): number | undefined =>
  from === undefined || to === undefined ? undefined : micro(to - from)

const short = (text: string | undefined): string | undefined => (text ? shorten(text) : undefined)

test("a line says everything of a connection, or of a request, in the order of an entry", () => {
  const line = new Line()
  fuzz(500, ({ below, pick }) => {
    const maybe = <A>(value: A): A | undefined => (below(2) === 0 ? undefined : value)
    const time = (): number | undefined => maybe(below(100_000) / 7)
    const flow = flowOf({
      id: below(1e9),
      clientHost: pick(texts),
      target: maybe(pick(texts)),
      address: maybe(pick(texts)),
      sni: maybe(pick(texts)),
      detectedAt: time(),
      handshakeAt: time(),
      dialledAt: time(),
      firstByteAt: time(),
      endedBy: maybe("client"),
      code: maybe("ECONNRESET"),
      refusal: maybe(refusal("connection-refused", pick(texts))),
      bytesIn: below(2) * below(1e15),
      bytesOut: below(2) * below(1000),
    })
    if (below(2) === 0) flow.unfollow("malformed", pick(texts))
    if (below(2) === 0) flow.leaveUnrecognised()
    const answered: RequestRecord = {
      n: maybe(1 + below(1e6)),
      method: pick(texts),
      authority: pick(texts),
      target: maybe(pick(texts)),
      path: pick(texts),
      version: maybe("1.1" as const),
      status: below(600),
      started: 0,
      elapsed: below(100_000) / 7,
      dialled: time(),
      firstByte: time(),
      bytesIn: below(1000),
      bytesOut: below(1e15),
      endedBy: maybe("target"),
      phase: "data",
      error: maybe(pick(texts)),
      refusal: maybe(refusal("connection-timeout", pick(texts))),
      isProbe: below(2) === 0,
      traceparent: maybe(traceparent),
    }
    const now = below(1e12)
    const both = {
      time: new Date(now).toISOString(),
      flow: flow.id,
      direction: flow.direction,
      protocol: flow.protocol,
      client: `${flow.clientHost}:${flow.clientPort}`,
      phase: "data" as const,
    }
    flow.phase = "data"
    writeConnection(line, flow, now, 1234.5678)
    expect(checked(line)).toEqual({
      ...both,
      target: short(flow.target),
      address: flow.address,
      sni: flow.sni,
      bytes_in: flow.bytesIn,
      bytes_out: flow.bytesOut,
      t_detect: micro(flow.detectedAt),
      t_handshake: between(flow.detectedAt ?? 0, flow.handshakeAt),
      t_dial: between(flow.handshakeAt, flow.dialledAt),
      t_first_byte: between(flow.dialledAt, flow.firstByteAt),
      t_total: 1234.568,
      end: flow.endedBy,
      code: flow.code,
      refusal: flow.refusal?.reason,
      detail: short((flow.refusal ?? flow.unfollowed)?.detail),
      unfollowed: flow.unfollowed?.reason,
      probe: flow.isProbe || undefined,
    })
    writeRequest(line, flow, answered, now)
    expect(checked(line)).toEqual({
      ...both,
      target: short(answered.target ?? flow.target),
      address: answered.target === flow.target ? flow.address : undefined,
      sni: undefined,
      bytes_in: answered.bytesIn,
      bytes_out: answered.bytesOut,
      t_detect: undefined,
      t_handshake: undefined,
      t_dial: micro(answered.dialled),
      t_first_byte: micro(answered.firstByte),
      t_total: between(0, answered.elapsed)!,
      end: answered.endedBy,
      code: undefined,
      refusal: answered.refusal?.reason,
      detail: short(answered.refusal?.detail),
      probe: answered.isProbe || undefined,
      n: answered.n,
      method: short(answered.method),
      authority: short(answered.authority),
      path: short(answered.path),
      version: answered.version,
      status: answered.status || undefined,
      error: short(answered.error),
      trace: answered.traceparent && traceparent.slice(3, 35),
    })
  })
})
