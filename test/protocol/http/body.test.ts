import { describe, expect, test } from "bun:test"

import { Body } from "../../../src/protocol/http/body.ts"
import { chunked, untilClose } from "../../../src/protocol/http/survey.ts"
import { expectProblem, expectWhole, run, trailing } from "../../support/bodies.ts"
import { ascii, cuts } from "../../support/bytes.ts"
import { limits } from "../../support/messages.ts"

const crlfLength = 2

describe("a body of known length", () => {
  test("is passed on as it is, in every cut, and what follows is left", () => {
    for (const after of trailing) {
      for (const chunks of cuts(ascii(`hello${after}`))) {
        const expected = { sent: "hello", passed: 5, done: true, problem: undefined, left: after }
        expect(run(5, "chunks", chunks)).toEqual(expected)
        expect(run(5, "plain", chunks)).toEqual(expected)
      }
    }
  })

  test("is not done before its last byte", () => {
    for (const chunks of cuts(ascii("hell"))) {
      expect(run(5, "chunks", chunks)).toEqual({ sent: "hell", passed: 4, done: false, problem: undefined, left: "" })
    }
  })

  test("of nothing is done before it begins, and takes nothing", () => {
    const body = new Body(0, "chunks", limits)
    expect(body.done).toBe(true)
    expect(body.pass(ascii("GET"), 0).length).toBe(0)
    expect(body.consumed).toBe(0)
  })

  test("takes nothing once it is done", () => {
    const body = new Body(2, "chunks", limits)
    body.pass(ascii("hi!"), 0)
    expect([body.done, body.consumed]).toEqual([true, 2])
    expect(body.pass(ascii("!"), 0).length).toBe(0)
    expect([body.done, body.consumed, body.passed]).toEqual([true, 0, 2])
  })

  test("goes on uncopied", () => {
    const input = ascii("hello, world")
    expect(new Body(12, "chunks", limits).pass(input, 0)).toBe(input)
    const part = new Body(5, "chunks", limits).pass(input, 7)
    expect([part.buffer, part.byteOffset, part.length]).toEqual([input.buffer, input.byteOffset + 7, 5])
  })

  test("may be as long as a number can say", () => {
    const body = new Body(Number.MAX_SAFE_INTEGER, "chunks", limits)
    body.pass(ascii("hello"), 0)
    expect([body.done, body.consumed, body.passed]).toEqual([false, 5, 5])
  })
})

describe("a body until the close", () => {
  test("takes everything, and is never done", () => {
    for (const chunks of cuts(ascii("hello\r\n0\r\n\r\n"))) {
      const expected = { sent: "hello\r\n0\r\n\r\n", passed: 12, done: false, problem: undefined, left: "" }
      expect(run(untilClose, "chunks", chunks)).toEqual(expected)
      expect(run(untilClose, "plain", chunks)).toEqual(expected)
    }
  })
})

describe("a chunked body (RFC 9112 section 7.1)", () => {
  test.each([
    ["0\r\n\r\n", ""],
    ["000\r\n\r\n", ""],
    ["5\r\nhello\r\n0\r\n\r\n", "hello"],
    ["1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "hello"],
    ["0005\r\nhello\r\n00\r\n\r\n", "hello"],
    ["a\r\n0123456789\r\n0\r\n\r\n", "0123456789"],
    ["A\r\n0123456789\r\n0\r\n\r\n", "0123456789"],
    ["1f\r\n0123456789012345678901234567890\r\n0\r\n\r\n", "0123456789012345678901234567890"],
    ["7\r\n0\r\n\r\n0\n\r\n0\r\n\r\n", "0\r\n\r\n0\n"],
    ["0000000000005\r\nhello\r\n0\r\n\r\n", "hello"],
    ["0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n", "hello"],
    [`${"0".repeat(100)}5\r\nhello\r\n${"0".repeat(100)}\r\n\r\n`, "hello"],
    ["5 \r\nhello\r\n0\t\r\n\r\n", "hello"],
    ["5       \r\nhello\r\n0       \r\n\r\n", "hello"],
    ["00005   \r\nhello\r\n00000   \r\n\r\n", "hello"],
  ])("%j is %j", (text, content) => {
    expectWhole(text, content)
  })

  test("of long chunks is passed on in every cut too", () => {
    const content = "0123456789abcdef".repeat(20)
    expectWhole(`140\r\n${content}\r\n0\r\n\r\n`, content)
  })

  test("becomes one chunk for each piece received, so that a sender of single bytes costs its readers nothing", () => {
    const text = "1\r\na\r\n".repeat(100)
    expect(run(chunked, "chunks", [ascii(`${text}0\r\n\r\n`)]).sent).toBe(`64\r\n${"a".repeat(100)}\r\n0\r\n\r\n`)
    expect(run(chunked, "chunks", [ascii("1\r\na\r\n05\r\nhel"), ascii("lo\r"), ascii("\n3;x\r\n, w")]).sent).toBe(
      "6\r\nahello\r\n3\r\n, w\r\n",
    )
  })

  test("sends no empty chunk for pieces without content: that would be its end", () => {
    for (const text of ["5", "5\r", "5;ext"]) expect(run(chunked, "chunks", [ascii(text)]).sent).toBe("")
    for (const text of ["5\r\n", "05\r\n", "5;ext\r\n"]) {
      expect(run(chunked, "chunks", [ascii(text)]).sent).toBe("5\r\n")
    }
  })

  test("of large chunks goes on uncopied where it is framed as we would, and to its end only", () => {
    const input = ascii(`64\r\n${"a".repeat(100)}\r\n1f4\r\n${"b".repeat(500)}\r\n0\r\n\r\nGET`)
    for (const end of [input.length - 3, input.length - 8, input.length - 10, 300]) {
      const body = new Body(chunked, "chunks", limits)
      const passed = body.pass(end === input.length - 3 ? input : input.subarray(0, end), 0)
      expect([passed.buffer, passed.byteOffset, passed.length]).toEqual([input.buffer, input.byteOffset, end])
      expect([body.consumed, body.done, body.problem]).toEqual([end, end === input.length - 3, undefined])
    }
  })

  test("of large chunks goes on uncopied in whatever pieces it comes, but for those that begin or end in its framing", () => {
    const content = "b".repeat(500)
    const text = `1f4\r\n${content}\r\n`
    for (const rest of [content.slice(200), ""]) {
      const begin = text.length - crlfLength - rest.length
      const body = new Body(chunked, "chunks", limits)
      body.pass(ascii(text.slice(0, begin)), 0)
      const input = ascii(`${text.slice(begin)}${text}`)
      expect(body.pass(input, 0)).toBe(input)
    }
  })

  test("that was framed anew and then goes on uncopied still has no line without a size", () => {
    const body = new Body(chunked, "chunks", limits)
    const sent = [body.pass(ascii(`001f4\r\n${"b".repeat(10)}`), 0)]
    sent.push(body.pass(ascii(`${"b".repeat(490)}\r\n`), 0))
    expect(Buffer.concat(sent).toString()).toBe(`1f4\r\n${"b".repeat(500)}\r\n`)
    body.pass(ascii("\r\n"), 0)
    expect(body.problem).toBe("invalid chunk size")
  })

  test("is never said to be larger than a recipient may be able to count: several chunks say it", () => {
    const GiB = 1 << 30
    const body = new Body(chunked, "chunks", limits)
    const sent: Array<string> = []
    const give = (text: string): void => void sent.push(Buffer.from(body.pass(ascii(text), 0)).toString())
    give(`80000005\r\n${"a".repeat(400)}`)
    expect(sent).toEqual([`40000190\r\n${"a".repeat(400)}`])
    body.skip(GiB - 400)
    const middle = ascii("b".repeat(100))
    expect(body.pass(middle, 0)).toBe(middle)
    expect(body.verbatim).toBe(300)
    give("b".repeat(300))
    expect(sent.at(-1)).toBe(`${"b".repeat(300)}\r\n${(GiB - 395).toString(16)}\r\n`)
    give("c".repeat(300))
    expect([sent.at(-1), body.verbatim]).toEqual(["c".repeat(300), GiB - 695])
    body.skip(body.verbatim)
    give("\r\n0\r\n\r\n")
    expect([sent.at(-1), body.done, body.passed]).toEqual(["\r\n0\r\n\r\n", true, 2 * GiB + 5])
  })

  const long = "c".repeat(400)
  test.each([
    ["an extension", `190;x\r\n${long}\r\n`],
    ["a leading zero", `0190\r\n${long}\r\n`],
    ["capital digits", `19A\r\n${long}0123456789\r\n`],
    ["chunks that are small", `14\r\n${"d".repeat(20)}\r\n`.repeat(20)],
    ["a last chunk of more than one digit", `190\r\n${long}\r\n00\r\n\r\n`],
    ["trailers", `190\r\n${long}\r\n0\r\na: b\r\n\r\n`],
    ["a size that is cut", `190\r\n${long}\r\n6`],
    ["a line end that is cut", `190\r\n${long}\r`],
  ])("with %s is framed anew", (_, text) => {
    const input = ascii(text)
    const passed = new Body(chunked, "chunks", limits).pass(input, 0)
    expect(passed.buffer).not.toBe(input.buffer)
    expect(passed.length).toBeGreaterThanOrEqual(long.length)
  })

  test("is not done before its last byte: cut short, it never looks complete", () => {
    const text = "5;a=b\r\nhello\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"
    for (let length = 0; length < text.length; length++) {
      const { sent, done, problem } = run(chunked, "chunks", [ascii(text.slice(0, length))])
      expect([done, problem]).toEqual([false, undefined])
      expect(sent).not.toMatch(/(^|\r\n)0\r\n/)
    }
  })

  test.each([
    ["\r\n", "invalid chunk size"],
    ["\n", "invalid chunk size"],
    ["g\r\n", "invalid chunk size"],
    ["+5\r\n", "invalid chunk size"],
    ["-5\r\n", "invalid chunk size"],
    ["0x5\r\n", "invalid chunk size"],
    [" 5\r\n", "invalid chunk size"],
    ["5 5\r\n", "invalid chunk size"],
    ["5\t \t5\r\n", "invalid chunk size"],
    ["5 a;b\r\n", "invalid chunk size"],
    ["5 \n", "invalid chunk size"],
    ["5 \x0b\r\n", "invalid chunk size"],
    ["5 \xa0\r\n", "invalid chunk size"],
    ["5 \r \n", "invalid chunk size"],
    [" \r\n", "invalid chunk size"],
    ["\t5\r\n", "invalid chunk size"],
    [" ;a\r\n", "invalid chunk size"],
    ["00x5\r\n", "invalid chunk size"],
    ["0 0\r\n\r\n", "invalid chunk size"],
    ["5_\r\n", "invalid chunk size"],
    ["5\n", "invalid chunk size"],
    ["5\r\r\n", "invalid chunk size"],
    ["5\rhello", "invalid chunk size"],
    [";a\r\n", "invalid chunk size"],
    ["5@\r\n", "invalid chunk size"],
    ["5`\r\n", "invalid chunk size"],
    ["5G\r\n", "invalid chunk size"],
    ["\x15\r\n", "invalid chunk size"],
    ["\xb5\r\n", "invalid chunk size"],
    ["3\r\nabcd\r\n", "chunk data without its line end"],
    ["3\r\nabc\n", "chunk data without its line end"],
    ["3\r\nabc\r0", "chunk data without its line end"],
    ["3\r\nabc0\r\n\r\n", "chunk data without its line end"],
    ["3\r\nabc\r\n\r\n", "invalid chunk size"],
  ])("%j: %s", (text, problem) => {
    expectProblem(text, problem)
    if (problem === "invalid chunk size") expectProblem(`1\r\nx\r\n${text}`, problem)
  })

  test("has sizes of at most 13 digits that mean something, which no number rounds", () => {
    const body = new Body(chunked, "chunks", limits)
    body.pass(ascii("fffffffffffff\r\nhello"), 0)
    expect([body.problem, body.passed]).toEqual([undefined, 5])
    expectProblem("10000000000000\r\n", "invalid chunk size")
    expectProblem(`10000000000000\r\n${"x".repeat(400)}`, "invalid chunk size")
    expectProblem("00010000000000000\r\nhello\r\n", "invalid chunk size")
    expectProblem("7fffffffffffffff\r\n", "invalid chunk size")
    expectProblem("ffffffffffffffff1\r\n", "invalid chunk size")
  })

  test("with a problem passes nothing more", () => {
    const body = new Body(chunked, "chunks", limits)
    body.pass(ascii("x"), 0)
    expect(body.problem).toBe("invalid chunk size")
    for (const text of ["0\r\n\r\n", `190\r\n${"c".repeat(400)}\r\n0\r\n\r\n`]) {
      expect(body.pass(ascii(text), 0).length).toBe(0)
      expect([body.done, body.consumed, body.problem]).toEqual([false, 0, "invalid chunk size"])
    }
  })
})

describe("bytes that go on by another way", () => {
  const none = new Uint8Array()

  test("are as many as a length has left, and complete the body", () => {
    const body = new Body(10, "chunks", limits)
    body.pass(ascii("abc"), 0)
    expect(body.verbatim).toBe(7)
    body.skip(5)
    expect([body.verbatim, body.passed, body.done]).toEqual([2, 8, false])
    body.skip(2)
    expect([body.verbatim, body.passed, body.done]).toEqual([0, 10, true])
    expect(body.pass(ascii("GET /"), 0)).toEqual(none)
    expect(body.consumed).toBe(0)
  })

  test("are any number until the connection closes, and never complete it", () => {
    const body = new Body(untilClose, "plain", limits)
    expect(body.verbatim).toBe(Number.MAX_SAFE_INTEGER)
    body.skip(1 << 20)
    expect([body.verbatim, body.passed, body.done]).toEqual([Number.MAX_SAFE_INTEGER, 1 << 20, false])
  })

  test.each(["chunks", "plain"] as const)("are what is left of a chunk, and complete that alone (%s)", (encoding) => {
    const body = new Body(chunked, encoding, limits)
    const sent = [body.pass(ascii("a\r\nab"), 0)]
    expect(body.verbatim).toBe(8)
    body.skip(3)
    expect([body.verbatim, body.passed]).toEqual([5, 5])
    body.skip(5)
    expect([body.verbatim, body.passed, body.done]).toEqual([0, 10, false])
    sent.push(body.pass(ascii("\r\n1\r\nf\r\n0\r\n\r\n"), 0))
    expect(body.done).toBe(true)
    const text = Buffer.concat(sent).toString()
    expect(text).toBe(encoding === "plain" ? "abf" : "a\r\nab\r\n1\r\nf\r\n0\r\n\r\n")
  })

  test.each(["chunks", "plain"] as const)("are none of framing, nor of a body that is complete (%s)", (encoding) => {
    const body = new Body(chunked, encoding, limits)
    for (const input of ["5", "\r\nabcde", "\r\n", "1\r\nf\r\n"]) {
      body.pass(ascii(input), 0)
      expect(body.verbatim).toBe(0)
      body.skip(0)
      expect(body.done).toBe(false)
    }
    expect(new Body(0, "chunks", limits).verbatim).toBe(0)
    expect(new Body(0, "chunks", limits).done).toBe(true)
  })
})
