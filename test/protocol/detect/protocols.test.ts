import { describe, expect, test } from "bun:test"

import { empty, fromLatin1 } from "../../../src/protocol/bytes.ts"
import { detect } from "../../../src/protocol/detect/detect.ts"
import { other, type ProtocolRow, protocols, type ProtocolTable } from "../../../src/protocol/detect/protocols.ts"
import { dial, type Handshake, needMore, type ProtocolName } from "../../../src/protocol/handshake.ts"
import { type Reason, refusal } from "../../../src/protocol/refusal.ts"
import { refusalReply } from "../../../src/protocol/refusal-reply.ts"
import { parseAuthority } from "../../../src/protocol/target.ts"
import { limits } from "../../support/messages.ts"
import { trickle } from "../../support/trickle.ts"
import { ascii, fromHex, toHex } from "../../support/bytes.ts"

const allowed = { socks: true, http: true }
const parts = { verbatim: false, limits }

describe("a row", () => {
  test.each([
    ["socks4", "04", "005b000000000000"],
    ["socks5", "05", "05ff"],
  ])("%s is recognised, makes its handshake, and refuses in its own words", (name, hex, reply) => {
    const row = protocols.find((each) => each.name === name)!
    const found = detect(fromHex(hex), allowed)
    expect(found._tag === "Recognised" && found.make(parts)?.protocol).toBe(name as ProtocolName)
    expect(toHex(refusalReply(row, refusal("connection-limit", "")))).toBe(reply)
  })

  test.each([
    ["CONNECT h:1 HTTP/1.1", "connect", "connect"],
    ["GET http://h/ HTTP/1.1", undefined, undefined],
    ["GET / HTTP/1.1", undefined, "http"],
  ])("of HTTP makes of %j the handshake %p, and %p where HTTP is carried as it is", (text, outbound, inbound) => {
    const found = detect(ascii(text), allowed)
    const made = (verbatim: boolean) => found._tag === "Recognised" && found.make({ verbatim, limits })?.protocol
    expect(made(false)).toBe(outbound as ProtocolName)
    expect(made(true)).toBe(inbound as ProtocolName)
  })

  test("is asked in the table's order, and none after the first that knows the bytes", () => {
    const never: ProtocolRow = { ...protocols[0]!, recognise: () => expect.unreachable() }
    expect(detect(fromHex("04"), allowed, [protocols[0]!, never])._tag).toBe("Recognised")
  })

  test("that is missing leaves its bytes to nobody", () => {
    const found = detect(fromHex("04"), allowed, [])
    expect(found).toEqual({ _tag: "Refuse", refusal: refusal("unknown-protocol", "byte 04"), as: undefined })
  })
})

describe("a refusal", () => {
  const refused = refusal("destination-denied", "")

  test("has no bytes for a client that speaks nothing known", () => {
    expect(refusalReply(undefined, refused)).toBe(empty)
  })

  test("in HTTP closes and has a body, unless it is said otherwise", () => {
    const http = protocols.find((each) => each.name === "http")!
    const text = Buffer.from(refusalReply(http, refused)).toString("latin1")
    expect(text).toContain("\r\nConnection: close\r\n")
    expect(text).toEndWith("\r\n\r\npillion: this destination is denied\n")
    const bare = Buffer.from(refusalReply(http, refused, { close: false, body: false })).toString("latin1")
    expect(bare).not.toContain("Connection")
    expect(bare).toEndWith("\r\n\r\n")
  })
})

// `TOY host:port` and a line feed, answered with one word.
const name = "toy" as ProtocolName
const start = "TOY "

const makeToy = (): Handshake => ({
  protocol: name,
  step(input) {
    const end = input.indexOf(0x0a)
    if (end < 0) return needMore
    const target = parseAuthority(input.subarray(start.length, end), undefined)
    return target === undefined
      ? { _tag: "Refuse", refusal: refusal("malformed-handshake", "no target") }
      : dial(end + 1, target)
  },
  accepted: () => fromLatin1("yes\n"),
  refused: ({ reason }) => fromLatin1(`no: ${reason}\n`),
})

const toy: ProtocolRow = {
  name,
  firstByte: undefined,
  isAllowed: ({ socks }) => socks,
  recognise(input) {
    for (let i = 0; i < start.length; i++) {
      if (i === input.length) return needMore
      if (input[i] !== start.charCodeAt(i)) return other
    }
    return { _tag: "Recognised", form: "Toy", make: makeToy }
  },
  refused: ({ reason }) => fromLatin1(`no: ${reason}\n`),
}

const withToy: ProtocolTable = [toy, ...protocols]

describe("a protocol that is added by one row", () => {
  test("is recognised as soon as it can be, beside all others", () => {
    const found = (text: string) => {
      const detected = detect(ascii(text), allowed, withToy)
      return detected._tag === "Recognised" ? detected.form : detected._tag
    }
    expect(["T", "TOY", "TOY ", "TOY a:1\n"].map(found)).toEqual(["NeedMore", "NeedMore", "Toy", "Toy"])
    expect(["\x04", "\x05", "TRACE / ", "CONNECT h"].map(found)).toEqual(["Socks4", "Socks5", "OriginForm", "Connect"])
    expect(detect(ascii("TOY a:1\n"), allowed)._tag).toBe("Recognised")
  })

  test("makes its handshake, which is taken through its steps like any other", () => {
    const detected = detect(ascii(start), allowed, withToy)
    if (detected._tag !== "Recognised") return expect.unreachable()
    trickle(() => detected.make(parts)!, ascii("TOY a:1\n"), { protocol: name, end: "dial a:1", sent: "" })
  })

  test("is refused in its own words: by a listener that does not take it, and by its handshake", () => {
    const detected = detect(ascii(start), { socks: false, http: true }, withToy)
    if (detected._tag !== "Refuse") return expect.unreachable()
    expect(detected.refusal).toEqual(refusal("protocol-not-allowed", "toy on a listener that does not take it"))
    const said = (reason: Reason) => Buffer.from(refusalReply(detected.as, refusal(reason, ""))).toString()
    expect(said("protocol-not-allowed")).toBe("no: protocol-not-allowed\n")
    trickle(makeToy, ascii("TOY a\n"), {
      protocol: name,
      end: "refuse malformed-handshake",
      sent: toHex(ascii("no: malformed-handshake\n")),
    })
  })
})
