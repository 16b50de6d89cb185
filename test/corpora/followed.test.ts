/**
 * Followed: this project's corpus of HTTP/1 messages, through the follower, whole and byte by byte. Every message that the
 * strict readers read to its end, the follower sees alike.
 */
import { describe, expect, test } from "bun:test"

import { untilClose } from "../../src/protocol/http/survey.ts"
import { ascii } from "../support/bytes.ts"
import { byteByByte, Following, wholly } from "../support/following.ts"
import { readRequests, readResponses } from "../support/messages.ts"
import { chunkSyntax, lengths, sequences, tunnels } from "./cases-bodies.ts"
import { requestFields, requestLines } from "./cases-requests.ts"
import { answers, answersToHead } from "./cases-responses.ts"
import type { Group } from "./cases.ts"

const named = (groups: ReadonlyArray<Group>) =>
  groups.flatMap(({ about, cases }) => cases.map(([shows, input]) => [`${about}: ${shows}`, input] as const))

describe("requests that are read to their end are followed alike:", () => {
  const cases = named([...requestLines, ...requestFields, ...lengths, ...chunkSyntax, ...sequences, ...tunnels])
  let compared = 0

  test.each(cases)("%s", (_, input) => {
    const read = readRequests([ascii(input)]).messages.filter(({ whole }) => whole)
    const expected = read.map(({ head, content }) => `${head.method} ${content.length}`)
    for (const cut of [wholly, byteByByte]) {
      const following = new Following()
      following.step(`>${input}`, cut)
      // What stands behind an offer to switch protocols is held until that is answered.
      for (const _ of expected) following.step("<HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n", wholly)
      following.step("over: client", wholly)
      const seen = following.requests.map(({ method, bytesIn }) => `${method} ${bytesIn}`)
      expect(seen.slice(0, expected.length)).toEqual(expected)
    }
    compared += expected.length
  })

  test("there were some to compare", () => expect(compared).toBeGreaterThan(130))
})

describe("answers that are read to their end are followed alike:", () => {
  const cases = [
    ...named(answers).map(([name, input]) => ["GET", name, input] as const),
    ...named(answersToHead).map(([name, input]) => ["HEAD", name, input] as const),
  ]
  let compared = 0

  test.each(cases)("to %s: %s", (method, _, input) => {
    // The end of the input is the connection's.
    const read = readResponses([ascii(input)], method).messages.filter(
      ({ head, whole }) => whole || head.bodyLength === untilClose,
    )
    const finals = read.filter(({ head }) => head.status >= 200 || head.status === 101)
    const expected = finals.map(({ head, content }) => `${head.status} ${content.length}`)
    for (const cut of [wholly, byteByByte]) {
      const following = new Following()
      for (const { head } of finals) {
        const upgrade = head.status === 101 ? "Upgrade: x\r\n" : ""
        following.step(`>${method} / HTTP/1.1\r\nHost: h\r\n${upgrade}\r\n`, wholly)
      }
      following.step(`<${input}`, cut)
      following.step("target ends", wholly)
      const seen = following.requests.map(({ status, bytesOut }) => `${status} ${bytesOut}`)
      expect(seen.slice(0, expected.length)).toEqual(expected)
    }
    compared += expected.length
  })

  test("there were some to compare", () => expect(compared).toBeGreaterThan(45))
})
