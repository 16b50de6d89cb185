import { describe, expect, test } from "bun:test"

import { freePadding, maxExtensionBytes, maxExtensionBytesPerMessage } from "../../../src/protocol/http/body.ts"
import { chunked } from "../../../src/protocol/http/survey.ts"
import { expectProblem, expectWhole, run } from "../../support/bodies.ts"
import { ascii, singly } from "../../support/bytes.ts"

const extended = (length: number): string => `1;${"x".repeat(length)}\r\na\r\n0\r\n\r\n`

describe("chunk extensions (RFC 9112 section 7.1.1)", () => {
  test.each([
    "5;a\r\nhello\r\n0;b\r\n\r\n",
    "5;a=b;c=d\r\nhello\r\n0\r\n\r\n",
    '5;a="b; c"\r\nhello\r\n0\r\n\r\n',
    '5;a="\\"b\\\\"\r\nhello\r\n0\r\n\r\n',
    "5; a = b\t\r\nhello\r\n0\r\n\r\n",
    "5;\xe4\r\nhello\r\n0\r\n\r\n",
    "5;0\r\nhello\r\n0;0\r\n\r\n",
    "5 ;a\r\nhello\r\n0\t ;b\r\n\r\n",
    "5 ;\ta = b ; c\r\nhello\r\n0\r\n\r\n",
    "000005 ; a\r\nhello\r\n0\r\n\r\n",
  ])("%j: are read and left out", (text) => {
    expectWhole(text, "hello")
  })

  test.each([
    "5;\r\nhello\r\n",
    '5;a="b\r\nhello\r\n',
    '5;a="b\\"\r\nhello\r\n',
    '5;a="\r\n"\r\nhello\r\n',
    "5;a\nhello\r\n",
    "5;a\0\r\n",
    "5;\x01\r\n",
    "5;a\x7f\r\n",
    '5;a="\\\0"\r\n',
  ])("%j: are refused when they are empty, open, or hold a control byte", (text) => {
    expectProblem(text, "invalid chunk extension")
  })

  test("end with CRLF and nothing less", () => {
    expectProblem("5;a\rhello\r\n", "invalid chunk size")
  })

  test("have at most 256 bytes in one chunk", () => {
    expectWhole(extended(maxExtensionBytes), "a")
    expectProblem(extended(maxExtensionBytes + 1), "chunk extensions too large")
  })

  test("are what the padding of a size counts as, beyond what any device writes", () => {
    const most = freePadding + maxExtensionBytes + 1
    for (const padded of [
      "0".repeat(most) + "1",
      `1${" ".repeat(most)}`,
      `${"0".repeat(most - 9)}1${"\t".repeat(9)}`,
    ]) {
      const [zeros = ""] = /^0*/.exec(padded) ?? []
      expectWhole(`${padded}\r\na\r\n0\r\n\r\n`, "a")
      expectProblem(`0${zeros}1${padded.slice(zeros.length + 1)}\r\na\r\n`, "chunk extensions too large")
    }
    expectProblem(`1${" ".repeat(freePadding + 1)};${"x".repeat(maxExtensionBytes)}\r\n`, "chunk extensions too large")
  })

  test("need not pay for the padding that devices write, in however many chunks", () => {
    const count = 2 * maxExtensionBytesPerMessage
    const padded = `${"0".repeat(freePadding - 8)}1${" ".repeat(8)}\r\na\r\n`.repeat(count)
    const whole = run(chunked, "plain", [ascii(`${padded}0\r\n\r\n`)])
    expect(whole).toMatchObject({ sent: "a".repeat(count), done: true })
    const endless = ascii(`1${" ".repeat(freePadding + 1)}\r\na\r\n`.repeat(maxExtensionBytesPerMessage + 1))
    expect(run(chunked, "plain", [endless]).problem).toBe("chunk extensions too large")
  })

  test("have at most 8 KiB in one message, however many chunks share them", () => {
    const chunk = `1;${"x".repeat(99)}\r\na\r\n`
    const count = Math.floor(maxExtensionBytesPerMessage / 100)
    const whole = run(chunked, "plain", [ascii(`${chunk.repeat(count)}0\r\n\r\n`)])
    expect(whole).toMatchObject({ sent: "a".repeat(count), done: true })
    const bytes = ascii(chunk.repeat(count + 1))
    for (const chunks of [[bytes], singly(bytes)]) {
      expect(run(chunked, "plain", chunks).problem).toBe("chunk extensions too large")
    }
  })
})
