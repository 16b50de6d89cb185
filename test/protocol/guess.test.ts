/** Guess: what real programs begin with. */
import { expect, test } from "bun:test"

import { type Guess, guessProtocol, maxGuessBytes } from "../../src/protocol/guess.ts"
import { ascii, fromHex } from "../support/bytes.ts"
import { fuzz } from "../support/random.ts"

const nothing = new Uint8Array(0)

const rows: ReadonlyArray<readonly [is: Guess, shows: string, client: Uint8Array, target: Uint8Array]> = [
  ["postgres", "a request for TLS", fromHex("00 00 00 08 04 d2 16 2f"), nothing],
  ["postgres", "a start-up", ascii("\0\0\0\x21\0\x03\0\0user\0me\0database\0shop\0\0"), nothing],
  ["postgres", "a request to cancel", fromHex("00 00 00 10 04 d2 16 2e 00 00 00 01 00 00 00 02"), nothing],
  ["mysql", "a greeting, which comes first", nothing, ascii("J\0\0\0\n8.0.36\0\x08\0\0\0")],
  ["mysql", "with its client's answer", ascii("\xb8\0\0\x01\x85\xa2\xbf\x01"), ascii("J\0\0\0\n11.4.2-MariaDB\0\x08")],
  ["redis", "a command", ascii("*2\r\n$3\r\nGET\r\n$1\r\na\r\n"), ascii("$-1\r\n")],
  ["redis", "a command as people type it", ascii("PING\r\n"), ascii("+PONG\r\n")],
  ["smtp", "a greeting and its answer", ascii("EHLO me\r\n"), ascii("220 mail.example ESMTP\r\n")],
  ["smtp", "a greeting alone", nothing, ascii("220-mail.example\r\n")],
  ["ssh", "a client", ascii("SSH-2.0-OpenSSH_9.6\r\n"), nothing],
  ["ssh", "a server, which may come first", nothing, ascii("SSH-2.0-OpenSSH_9.6\r\n")],
  ["kafka", "ApiVersions", fromHex("00 00 00 23 00 12 00 03 00 00 00 01 00 07 72 64 6b 61 66 6b 61"), nothing],
  ["amqp", "0-9-1", ascii("AMQP\0\0\x09\x01"), nothing],
  ["mongodb", "OP_MSG", fromHex("3f 00 00 00 01 00 00 00 00 00 00 00 dd 07 00 00 00 00 00 00"), nothing],
  ["http2", "its preface", ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), nothing],
  ["unknown", "FTP, which greets as SMTP does", ascii("USER me\r\n"), ascii("220 ftp.example\r\n")],
  ["unknown", "nothing", nothing, nothing],
  ["unknown", "a text", ascii("hello, who is there?\r\n"), ascii("me\r\n")],
  ["unknown", "the beginning of a packet that is too short", fromHex("00 00 00 08"), nothing],
]

test.each(rows)("%s: %s", (is, _, client, target) => {
  expect(guessProtocol(client, target)).toBe(is)
})

test("noise is seldom taken for anything, and never makes it throw", () => {
  const guesses: Array<Guess> = []
  fuzz(300, (random) => void guesses.push(guessProtocol(random.bytes(maxGuessBytes), random.bytes(maxGuessBytes))))
  expect(guesses.filter((guess) => guess === "unknown").length).toBeGreaterThan(290)
})
