import { describe, expect, test } from "bun:test"

import { refusal } from "../../../src/protocol/refusal.ts"
import { makeTcp, makeVerbatim } from "../../../src/protocol/detect/raw.ts"
import { ascii, fromHex } from "../../support/bytes.ts"
import { trickle } from "../../support/trickle.ts"

const bound = { address: undefined, port: 0 }
const refused = refusal("connection-refused", "ECONNREFUSED")
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")

describe("opaque tcp", () => {
  test("dials before the first byte, so that a server may speak first", () => {
    trickle(makeTcp, new Uint8Array(0), { protocol: "tcp", end: "dial", sent: "" })
  })

  test("leaves every byte to the tunnel, whatever it looks like", () => {
    const step = makeTcp().step(fromHex("05 01 00"))
    expect(step).toEqual({ _tag: "Dial", consumed: 0, target: undefined })
  })

  test("says nothing when it is connected, and nothing when it is not", () => {
    expect(makeTcp().accepted(bound).length).toBe(0)
    expect(makeTcp().refused(refused).length).toBe(0)
  })
})

describe("http that is carried verbatim", () => {
  test("leaves every byte to the tunnel", () => {
    const step = makeVerbatim().step(ascii("GET / HTTP/1.1\r\n\r\n"))
    expect(step).toEqual({ _tag: "Dial", consumed: 0, target: undefined })
  })

  test("says nothing when it is connected: the answer is the workload's", () => {
    expect(makeVerbatim().accepted(bound).length).toBe(0)
  })

  test("tells its client in HTTP why there is no workload, and closes", () => {
    const answer = text(makeVerbatim().refused(refused))
    expect(answer).toStartWith("HTTP/1.1 502 Bad Gateway\r\nProxy-Status: pillion; error=connection_refused\r\n")
    expect(answer).toContain("\r\nConnection: close\r\n")
    expect(answer).toEndWith("\r\n\r\npillion: the destination refused the connection\n")
  })
})
