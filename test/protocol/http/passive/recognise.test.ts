import { describe, expect, test } from "bun:test"

import { looksLikeHttp } from "../../../../src/protocol/http/passive/recognise.ts"
import { ascii } from "../../../support/bytes.ts"

/** What the first bytes show, by how many of them there are: the verdict that stands from the given byte on. */
const verdicts: ReadonlyArray<readonly [input: string, from: number, verdict: "http" | "perhaps" | "other"]> = [
  ["GET /a HTTP/1.1\r\n", 5, "http"],
  ["M /", 3, "http"],
  ["OPTIONS * HTTP/1.1", 9, "http"],
  ["PROPFIND /dav", 10, "http"],
  ["GET http://h/", 11, "http"],
  ["GET HTTPS://h/", 12, "http"],
  ["GET ws://h/", 9, "http"],
  ["CONNECT h:443 HTTP/1.1", 9, "http"],
  ["\r\n\r\nGET /", 9, "http"],
  ["PRI /of-somebody", 5, "http"],
  ["PRI * HTTP/1.1", 12, "http"],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 14, "other"],
  ["", 0, "perhaps"],
  ["\r", 1, "perhaps"],
  ["\r\n", 2, "perhaps"],
  ["GET", 3, "perhaps"],
  ["GET ", 4, "perhaps"],
  ["GET http:/", 10, "perhaps"],
  ["GET key\r\n", 5, "other"],
  ["GET httq://", 8, "other"],
  ["GET  /", 5, "other"],
  ["EHLO mail.example\r\n", 6, "other"],
  ["SSH-2.0-OpenSSH_9.6 Debian\r\n", 21, "other"],
  ["CONNECT \r\n", 9, "other"],
  ["\x16\x03\x01\0\x05", 1, "other"],
  ["\x05\x01\0", 1, "other"],
  ["\0", 1, "other"],
  ["*1\r\n", 3, "other"],
  [" GET /", 1, "other"],
  ["\rGET /", 2, "other"],
  ["GE:T /", 3, "other"],
  [`${"M".repeat(32)} /`, 34, "http"],
  ["M".repeat(33), 33, "other"],
]

describe("the first bytes", () => {
  test.each(verdicts)("%j are known from byte %d on: %s", (input, from, verdict) => {
    for (let length = 0; length <= input.length; length++) {
      expect([length, looksLikeHttp(ascii(input.slice(0, length)))]).toEqual([
        length,
        length < from ? "perhaps" : verdict,
      ])
    }
  })
})
