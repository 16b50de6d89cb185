/** Beginnings: a line that begins with what was written before says the same as one that is written anew. */
import { expect, test } from "bun:test"

import { Beginnings, maxBytes, places } from "../../../src/observe/access/beginnings.ts"
import { Flow } from "../../../src/flow/flow.ts"
import { fieldName, Line } from "../../../src/observe/output/line.ts"

const names = { client: fieldName("client"), target: fieldName("target"), address: fieldName("address") }

/** Lines that begin with these, and how often their fields were written. */
const makeLines = () => {
  const beginnings = new Beginnings()
  const line = new Line()
  const seen = { written: 0 }
  const write = (to: Line, flow: Flow, target: string | undefined, address: string | undefined): void => {
    seen.written++
    to.text(names.client, `${flow.client} ${flow.protocol}`)
    to.text(names.target, target)
    to.text(names.address, address)
  }
  const lineOf = (flow: Flow, target: string | undefined, address?: string): string => {
    line.begin()
    beginnings.append(line, flow, target, address, write)
    line.end()
    return line.toString()
  }
  return { lineOf, seen }
}

const flowOf = (id: number, port = 4000): Flow => new Flow(id, "inbound", { host: "10.0.0.1", port })

test("the same is written twice, and copied from then on", () => {
  const { lineOf, seen } = makeLines()
  const flow = flowOf(1)
  for (let i = 0; i < 5; i++) {
    expect(lineOf(flow, "a:80", "10.0.0.2:80")).toBe(
      '{"client":"10.0.0.1:4000 unknown","target":"a:80","address":"10.0.0.2:80"}\n',
    )
  }
  expect(seen.written).toBe(2)
})

test("another protocol, target, address or client is another beginning", () => {
  const { lineOf } = makeLines()
  const flow = flowOf(1)
  const same = (): string => lineOf(flow, "a:80", "10.0.0.2:80")
  const known = same()
  for (const other of [
    () => lineOf(flow, "b:80", "10.0.0.2:80"),
    () => lineOf(flow, undefined, "10.0.0.2:80"),
    () => lineOf(flow, "a:80", "10.0.0.3:80"),
    () => lineOf(flow, "a:80"),
    () => lineOf(flowOf(1, 4001), "a:80", "10.0.0.2:80"),
    () => lineOf(new Flow(1, "outbound", { host: "10.0.0.9", port: 4000 }), "a:80", "10.0.0.2:80"),
    () => {
      flow.protocol = "connect"
      return same()
    },
  ]) {
    expect([same(), same()]).toEqual([known, known])
    const first = other()
    expect(first).not.toBe(known)
    expect([other(), other()]).toEqual([first, first])
    flow.protocol = "unknown"
  }
})

test("connections that share a place do not share a line", () => {
  const { lineOf } = makeLines()
  const [one, two] = [flowOf(7, 4007), flowOf(7 + places, 4008)]
  for (let i = 0; i < 3; i++) {
    expect(lineOf(one, "a:80")).toBe('{"client":"10.0.0.1:4007 unknown","target":"a:80"}\n')
    expect(lineOf(two, "a:80")).toBe('{"client":"10.0.0.1:4008 unknown","target":"a:80"}\n')
  }
})

test("a beginning that is too long is written anew each time", () => {
  const { lineOf, seen } = makeLines()
  const flow = flowOf(1)
  const overhead = lineOf(flow, "").length - "}\n".length
  const longest = "x".repeat(maxBytes - overhead)
  for (let i = 0; i < 4; i++) expect(lineOf(flow, longest)).toContain(longest)
  expect(seen.written).toBe(3)
  for (let i = 0; i < 4; i++) expect(lineOf(flow, `${longest}x`)).toContain(`${longest}x`)
  expect(seen.written).toBe(7)
})
