/**
 * Own: this project's corpus of HTTP/1 messages, through the readers that production uses: whole, byte by byte, and at
 * every split. Each case has its one verdict, however its bytes arrive.
 */
import { describe, expect, test } from "bun:test"

import { makeConnect } from "../../src/protocol/http/connect.ts"
import { ascii, cuts, singly } from "../support/bytes.ts"
import { limits, type Reading, readRequests, readResponses } from "../support/messages.ts"
import { see } from "../support/strict.ts"
import { run } from "../support/trickle.ts"
import { chunkSyntax, lengths, sequences, tunnels } from "./cases-bodies.ts"
import { requestFields, requestLines } from "./cases-requests.ts"
import { answers, answersToHead } from "./cases-responses.ts"
import type { Case, Group } from "./cases.ts"

const requests = [...requestLines, ...requestFields, ...lengths, ...chunkSyntax, ...sequences, ...tunnels]

/** Every split of a long input would take minutes; these are where something may change. */
const cutsOf = (bytes: Uint8Array): Iterable<ReadonlyArray<Uint8Array>> =>
  bytes.length < 1000 ? cuts(bytes) : [[bytes], singly(bytes), [bytes.subarray(0, 20), bytes.subarray(20)]]

const verdict = <Head>(reading: Reading<Head>, start: (message: Reading<Head>["messages"][number]) => string) => [
  ...reading.messages.map((message) => {
    const { content, whole } = message
    return start(message) + (content === "" && whole ? "" : ` = ${content}${whole ? "" : "..."}`)
  }),
  reading.reason ?? (reading.end === "waiting" ? "waits" : "over"),
]

const ofRequests = (chunks: ReadonlyArray<Uint8Array>): ReadonlyArray<string> =>
  verdict(readRequests(chunks), ({ line }) => line.slice(0, line.lastIndexOf(" ")))

const ofAnswers = (method: string) => (chunks: ReadonlyArray<Uint8Array>) =>
  verdict(readResponses(chunks, method), ({ head }) => String(head.status))

const hold = (groups: ReadonlyArray<Group>, read: (chunks: ReadonlyArray<Uint8Array>) => ReadonlyArray<string>): void =>
  describe.each(groups.map(({ about, cases }) => [about, cases] as const))("%s", (_, cases) => {
    test.each(cases.map((each) => [each[0], each] as const))("%s", (_, [, input, ...expected]) => {
      for (const chunks of cutsOf(ascii(input))) expect(read(chunks)).toEqual(expected)
    })
  })

describe("requests of the corpus:", () => hold(requests, ofRequests))
describe("answers of the corpus:", () => hold(answers, ofAnswers("GET")))
describe("answers of the corpus:", () => hold(answersToHead, ofAnswers("HEAD")))

test("each case is there once, and none is lost", () => {
  const names = [...requests, ...answers, ...answersToHead].flatMap(({ about, cases }) =>
    cases.map(([shows]) => `${about}: ${shows}`),
  )
  expect(new Set(names).size).toBe(names.length)
  expect(names.length).toBeGreaterThan(350)
})

const isTunnel = ([, input]: Case): boolean => input.trimStart().startsWith("CONNECT ")

describe("the handshake of CONNECT reads the corpus as requests are read:", () => {
  const cases = requests.flatMap((group) => group.cases.filter(isTunnel))

  test.each(cases.map((each) => [each[0], each] as const))("%s", (_, [, input, first = ""]) => {
    const bytes = ascii(input)
    for (const chunks of cutsOf(bytes)) {
      const { end } = run(makeConnect(limits), chunks)
      if (first === "waits") expect(end).toBe("needs more")
      else if (first.startsWith("CONNECT ")) expect(end).toStartWith("dial ")
      else expect(end).toBe(`refuse ${first}`)
    }
  })
})

test("what is read to its end, a strict reader that shares no line with ours reads alike", () => {
  let compared = 0
  for (const { cases } of requests) {
    for (const [shows, input] of cases) {
      const whole = readRequests([ascii(input)]).messages.filter((each) => each.whole && each.head.form !== "authority")
      // The other one knows requests of http:// only.
      const mine = whole.filter(({ line }) => !/ ws:/.test(line)).map(({ head, content }) => [head.method, content])
      const theirs = see(input).requests.map(({ method, body }) => [method, body])
      expect([shows, theirs.slice(0, mine.length)]).toEqual([shows, mine])
      compared += mine.length
    }
  }
  expect(compared).toBeGreaterThan(120)
})
