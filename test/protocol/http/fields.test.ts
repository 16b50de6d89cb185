import { describe, expect, test } from "bun:test"

import { toLatin1 } from "../../../src/protocol/bytes.ts"
import { Field, type FieldId } from "../../../src/protocol/http/field-table.ts"
import {
  eachElement,
  equalsIgnoreCase,
  Fields,
  type FieldsProblem,
  isTokenByte,
} from "../../../src/protocol/http/fields.ts"
import { ascii } from "../../support/bytes.ts"
import { texts } from "../../support/messages.ts"
import { fuzz } from "../../support/random.ts"

type Parsed = FieldsProblem | ReadonlyArray<readonly [name: string, value: string]>

/** The fields between other bytes, which must not matter. */
const parse = (lines: string, maxFields = 128): Parsed => {
  const before = "GET / HTTP/1.1\r\n"
  const bytes = ascii(`${before}${lines}\r\nbody: x\r\n`)
  const fields = new Fields()
  return fields.parse(bytes, before.length, before.length + lines.length, maxFields) ?? texts(bytes, fields)
}

const idOf = (name: string): FieldId => {
  const fields = new Fields()
  expect(fields.parse(ascii(`${name}: x\r\n`), 0, name.length + 5, 1)).toBeUndefined()
  return fields.id(0)
}

const everyByte = Array.from({ length: 256 }, (_, byte) => byte)
const tokens = new Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

describe("a header section", () => {
  test("may have no field at all", () => {
    expect(parse("")).toEqual([])
  })

  test("keeps names, values and their order as they came", () => {
    const expected = [
      ["hOST", "a"],
      ["X-b", "1"],
      ["x-B", "2"],
    ]
    expect(parse("hOST: a\r\nX-b: 1\r\nx-B: 2\r\n")).toEqual(expected as never)
  })

  test.each([
    ["A:b\r\n", "b"],
    ["A: b\r\n", "b"],
    ["A:\t b \t \r\n", "b"],
    ["A: b  c\td\r\n", "b  c\td"],
    ["A:\r\n", ""],
    ["A: \t \r\n", ""],
    ["A::\r\n", ":"],
    ["A: b:c\r\n", "b:c"],
    ["A: \x80\xff\r\n", "\x80\xff"],
    ["A: \x0b\r\n", undefined],
    ["A: \xa0b\xa0\r\n", "\xa0b\xa0"],
  ])("%j: only spaces and tabs around a value are left out (RFC 9110 section 5.5)", (line, value) => {
    expect(parse(line)).toEqual(value === undefined ? "invalid field value" : [["A", value]])
  })

  test("names are made of token bytes and nothing else (RFC 9110 section 5.6.2)", () => {
    for (const byte of everyByte) {
      const char = String.fromCharCode(byte)
      const parsed = parse(`A${char}b: x\r\n`)
      expect(isTokenByte(byte)).toBe(tokens.has(char))
      if (tokens.has(char)) expect(parsed).toEqual([[`A${char}b`, "x"]])
      else if (char === ":") expect(parsed).toEqual([["A", "b: x"]])
      else expect(parsed).toBe("invalid field name")
    }
  })

  test("values hold no control byte but HTAB: no NUL, no bare CR or LF, no DEL (RFC 9110 section 5.5)", () => {
    for (const byte of everyByte) {
      const char = String.fromCharCode(byte)
      const allowed = byte === 0x09 || (byte >= 0x20 && byte !== 0x7f)
      expect(parse(`A: x${char}y\r\n`)).toEqual(allowed ? [["A", `x${char}y`]] : "invalid field value")
    }
  })

  test.each([
    [": v\r\n", "invalid field name"],
    ["A\r\n", "invalid field name"],
    ["A b: v\r\n", "invalid field name"],
    ["A : v\r\n", "invalid field name"],
    ["A\t: v\r\n", "invalid field name"],
    ["\r\n", "invalid field name"],
    ["A: b\r\n\r\nC: d\r\n", "invalid field name"],
    [" A: b\r\n", "folded line"],
    ["\tA: b\r\n", "folded line"],
    ["A: b\r\n c\r\n", "folded line"],
    ["A:\r\n\tb\r\n", "folded line"],
    ["A: b\r\n \r\n", "folded line"],
    ["A: b\nC: d\r\n", "invalid field value"],
    ["A: b\rC: d\r\n", "invalid field value"],
    ["A: b\r\r\n", "invalid field value"],
    ["A: b\n", "invalid field value"],
    ["A: b\r", "invalid field value"],
    ["A: b", "invalid field value"],
  ] as const)("%j is refused: %s (RFC 9112 section 5)", (lines, problem) => {
    expect(parse(`Ok: yes\r\n${lines}`)).toBe(problem)
    expect(parse(lines)).toBe(problem)
  })

  test("has as many fields as the limit says, and not one more", () => {
    const line = "A: b\r\n"
    expect(parse(line.repeat(128))).toHaveLength(128)
    expect(parse(line.repeat(129))).toBe("too many fields")
    expect(parse("", 0)).toEqual([])
    expect(parse(line, 0)).toBe("too many fields")
  })

  test("grows to any limit without losing a field", () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `N${i}: ${i}\r\n`).join("")
    expect(parse(lines, 1000)).toEqual(Array.from({ length: 1000 }, (_, i) => [`N${i}`, `${i}`] as const))
  })

  test("leaves nothing behind for the next one", () => {
    const fields = new Fields()
    fields.parse(ascii("A: b\r\nC: d\r\n"), 0, 12, 128)
    expect(fields.parse(ascii("Host: e\r\n"), 0, 9, 128)).toBeUndefined()
    expect(fields.count).toBe(1)
    expect(fields.id(0)).toBe(Field.host)
    expect(fields.parse(ascii("nonsense"), 0, 8, 128)).toBe("invalid field name")
    expect(fields.count).toBe(0)
  })

  test("is read within its bounds, and in one of two ways, whatever the bytes", () => {
    fuzz(3000, (random) => {
      const text = Array.from({ length: random.below(30) }, () =>
        random.pick(["A", ":", " ", "\t", "\r\n", "\r", "\n", "b", "\0", "\xff"]),
      ).join("")
      const parsed = parse(text)
      // A strict reading in another way: every line by itself.
      const strict = text === "" || /^(?:[A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+$/.test(text)
      expect(Array.isArray(parsed)).toBe(strict)
    })
  })
})

describe("the fields that a proxy must understand", () => {
  const names: ReadonlyArray<readonly [string, FieldId]> = [
    ["Host", Field.host],
    ["Content-Length", Field.contentLength],
    ["Transfer-Encoding", Field.transferEncoding],
    ["Connection", Field.connection],
    ["Proxy-Connection", Field.proxyConnection],
    ["Keep-Alive", Field.keepAlive],
    ["TE", Field.te],
    ["Upgrade", Field.upgrade],
    ["HTTP2-Settings", Field.http2Settings],
    ["Proxy-Authorization", Field.proxyAuthorization],
    ["Proxy-Authentication-Info", Field.proxyAuthenticationInfo],
    ["Via", Field.via],
    ["Expect", Field.expect],
    ["Max-Forwards", Field.maxForwards],
    ["Authorization", Field.authorization],
    ["WWW-Authenticate", Field.wwwAuthenticate],
    ["User-Agent", Field.userAgent],
    ["Traceparent", Field.traceparent],
  ]

  test("are known in any case", () => {
    for (const [name, id] of names) {
      for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) expect(idOf(spelling)).toBe(id)
    }
    expect(names.length).toBe(Object.keys(Field).length - 1)
  })

  test("are not mistaken for names of the same length", () => {
    for (const [name] of names) {
      for (let i = 0; i < name.length; i++) {
        for (const other of ["!", "_", "~", String.fromCharCode(name.charCodeAt(i) ^ 0x20)]) {
          const changed = name.slice(0, i) + other + name.slice(i + 1)
          if (changed.toLowerCase() === name.toLowerCase() || !isTokenByte(other.charCodeAt(0))) continue
          expect(idOf(changed)).toBe(Field.other)
        }
      }
    }
  })

  test.each(["Accept", "X", "Cookie", "Content-Lengt", "Content-Lengthh", "Transfer_Encoding", "A".repeat(300)])(
    "%s is none of them",
    (name) => {
      expect(idOf(name)).toBe(Field.other)
    },
  )
})

const equals = (bytes: string, text: string): boolean =>
  equalsIgnoreCase(ascii(`<${bytes}>`), 1, 1 + bytes.length, text)

describe("comparing without case", () => {
  test("folds ASCII letters only", () => {
    expect(equals("CHUNKED", "chunked")).toBe(true)
    expect(equals("chunkeD", "chunked")).toBe(true)
    expect(equals("[", "{")).toBe(false)
    expect(equals("@", "`")).toBe(false)
    expect(equals("\xe4", "\xc4")).toBe(false)
    expect(equals("\x0d", "-")).toBe(false)
  })

  test("is for the whole of both", () => {
    expect(equals("chunke", "chunked")).toBe(false)
    expect(equals("chunkedd", "chunked")).toBe(false)
    expect(equals("", "")).toBe(true)
  })
})

const elements = (list: string, stopAt?: string): ReadonlyArray<string> => {
  const bytes = ascii(`<${list}>`)
  const found: Array<string> = []
  eachElement(bytes, 1, 1 + list.length, (start, end) => {
    found.push(toLatin1(bytes, start, end))
    return found.at(-1) !== stopAt
  })
  return found
}

describe("a comma separated list", () => {
  test.each([
    ["", []],
    [",", []],
    [" , ,\t, ", []],
    ["a", ["a"]],
    ["a,b", ["a", "b"]],
    [" a , b ", ["a", "b"]],
    ["a,,b,", ["a", "b"]],
    [",a b\t,c", ["a b", "c"]],
  ])("%j: %j; empty elements are no elements (RFC 9110 section 5.6.1.2)", (list, expected) => {
    expect(elements(list)).toEqual(expected)
  })

  test("is read no further than it is wanted", () => {
    expect(elements("a, b, c", "b")).toEqual(["a", "b"])
  })
})
