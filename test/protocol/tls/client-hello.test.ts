import { expect, test } from "bun:test"

import { serverNameOf } from "../../../src/protocol/tls/client-hello.ts"
import { fuzz } from "../../support/random.ts"

const uint16 = (value: number): ReadonlyArray<number> => [value >> 8, value & 0xff]
const counted = (bytes: ReadonlyArray<number>): ReadonlyArray<number> => [...uint16(bytes.length), ...bytes]
const text = (value: string): ReadonlyArray<number> => [...Buffer.from(value, "latin1")]

interface Parts {
  readonly name?: string
  readonly nameType?: number
  readonly before?: ReadonlyArray<number>
  readonly messageType?: number
}

/** A hello as RFC 8446 section 4.1.2 has it, with `before` as extensions in front of the name. */
const hello = ({ name, nameType = 0, before = [], messageType = 1 }: Parts): Uint8Array => {
  const entry = name === undefined ? [] : [...uint16(0), ...counted(counted([nameType, ...counted(text(name))]))]
  const body = [
    ...uint16(0x0303),
    ...Array.from({ length: 32 }, () => 7),
    4,
    1,
    2,
    3,
    4,
    ...counted([0x13, 0x01, 0x13, 0x02]),
    1,
    0,
    ...counted([...before, ...entry, ...uint16(0x2b), ...counted([2, 3, 4])]),
  ]
  const message = [messageType, 0, ...uint16(body.length), ...body]
  return Uint8Array.from([0x16, 3, 1, ...counted(message)])
}

test("the name is found, behind other extensions too, and in lower case", () => {
  expect(serverNameOf(hello({ name: "example.com" }))).toBe("example.com")
  expect(serverNameOf(hello({ name: "API.Example.com" }))).toBe("api.example.com")
  const grease = [...uint16(0x0a0a), ...counted([]), ...uint16(0x10), ...counted(text("\0\x02h2"))]
  expect(serverNameOf(hello({ name: "example.com", before: grease }))).toBe("example.com")
})

test("a hello without a name, or with one that is none, has none", () => {
  expect(serverNameOf(hello({}))).toBeUndefined()
  for (const name of ["", "x".repeat(254), "a b", 'a"b', "a\r\nb", "\x1b[2J", "ex\xe4mple"]) {
    expect([name, serverNameOf(hello({ name }))]).toEqual([name, undefined])
  }
  expect(serverNameOf(hello({ name: "example.com", nameType: 1 }))).toBeUndefined()
  expect(serverNameOf(hello({ name: "example.com", messageType: 2 }))).toBeUndefined()
})

test("a hello that is cut off anywhere has its name or none, never a part of it", () => {
  const whole = hello({ name: "example.com" })
  const names = Array.from({ length: whole.length }, (_, end) => serverNameOf(whole.subarray(0, end)))
  expect(new Set(names)).toEqual(new Set([undefined, "example.com"]))
})

test("what another record holds does not count as the hello's", () => {
  const whole = hello({ name: "example.com" })
  const short = Uint8Array.from(whole)
  // The record says that it ends before the extensions; what follows is somebody else's.
  short[3] = 0
  short[4] = 50
  expect(serverNameOf(short)).toBeUndefined()
})

test("other protocols have no name, and no bytes whatever make it throw", () => {
  for (const words of ["", "GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "\x16", "\x16\x03", "\x16\x03\x01\x00\x05\x01"]) {
    expect(serverNameOf(Buffer.from(words, "latin1"))).toBeUndefined()
  }
  fuzz(300, ({ bytes }) => {
    const noise = bytes(200)
    noise.set([0x16, 3, 1, 1, 0, 1])
    expect(["string", "undefined"]).toContain(typeof serverNameOf(noise))
  })
})
