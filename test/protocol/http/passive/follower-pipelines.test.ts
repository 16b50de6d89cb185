/**
 * Pipelines: connections that a generator made up, whose truth it therefore knows, cut and interleaved at random; and
 * bytes that are no connection at all.
 */
import { describe, expect, test } from "bun:test"

import { ascii } from "../../../support/bytes.ts"
import { Following } from "../../../support/following.ts"
import { fuzz, type Random } from "../../../support/random.ts"

interface Exchange {
  readonly request: string
  readonly answer: string
  /** Bytes of the request that must have been sent before its answer may begin. */
  readonly headLength: number
  readonly said: string
  /** Its answer ends with the connection: nothing follows it. */
  readonly isLast: boolean
}

/** A body, and how it is framed. */
interface Framed {
  readonly field: string
  readonly bytes: string
  readonly length: number
}

/** Bytes that look like what they are not. */
const contentOf = (random: Random): string =>
  random.pick([
    "",
    "x",
    "\r\n\r\n",
    "GET /evil HTTP/1.1\r\n\r\n",
    "HTTP/1.1 500 X\r\n\r\n",
    "0\r\n\r\n",
    "y".repeat(random.below(300)),
  ])

const lineEnd = (random: Random): string => random.pick(["\r\n", "\r\n", "\r\n", "\n"])

const chunksOf = (random: Random): Framed => {
  let bytes = ""
  let length = 0
  for (let n = random.below(4); n > 0; n--) {
    const content = `${contentOf(random)}z`
    const size = random.pick([content.length.toString(16), content.length.toString(16).toUpperCase().padStart(8, "0")])
    bytes += `${size}${random.pick(["", "  ", ";a=b", ' ; q="v"'])}\r\n${content}\r\n`
    length += content.length
  }
  const trailers = random.pick(["", "T: v\r\n", "Content-Length: 7\r\n", "T: v\nU: w\n"])
  return { field: "Transfer-Encoding: chunked", bytes: `${bytes}0\r\n${trailers}${lineEnd(random)}`, length }
}

const lengthOf = (random: Random): Framed => {
  const bytes = contentOf(random)
  return {
    field: random.pick(["Content-Length: ", "content-length:", "CONTENT-LENGTH: 00"]) + bytes.length,
    bytes,
    length: bytes.length,
  }
}

const noise = ["Accept: */*", "X-Y: content-length: 3", "Cookie: a=b; c=d", "Folded: a", " b", "no field"]

const headOf = (random: Random, line: string, fields: ReadonlyArray<string>): string => {
  const end = lineEnd(random)
  const more = Array.from({ length: random.below(4) }, () => random.pick(noise))
  // What goes on with a field that frames the message is not followed; it never stands behind one here.
  return [line, ...more, ...fields].map((each) => each + end).join("") + end
}

const exchangeOf = (random: Random, number: number, isLast: boolean): Exchange => {
  const method = random.pick(["GET", "POST", "HEAD", "DELETE", "BREW"])
  const hasBody = random.below(2) === 0
  const sent: Framed = hasBody ? random.pick([chunksOf, lengthOf])(random) : { field: "X: y", bytes: "", length: 0 }
  const head = headOf(random, `${method} /${number}?q HTTP/1.1`, ["Host: h", sent.field])
  const status = random.pick([200, 404, 503, 204, 304])
  const isBodiless = method === "HEAD" || status === 204 || status === 304
  const untilClose = isLast && !isBodiless && random.below(2) === 0
  const content = contentOf(random)
  const got: Framed = untilClose
    ? { field: "X: y", bytes: content, length: content.length }
    : random.pick([chunksOf, lengthOf])(random)
  const interim = Array.from({ length: random.below(3) }, () => headOf(random, "HTTP/1.1 103 Early", [])).join("")
  const length = isBodiless ? 0 : got.length
  return {
    request: random.pick(["", "\r\n", "\n"]) + head + sent.bytes,
    answer: interim + headOf(random, `HTTP/1.1 ${status} X`, [got.field]) + (isBodiless ? "" : got.bytes),
    headLength: head.length + 2,
    said: `${method} h /${number} 1.1 ${status} ${sent.length}/${length}`,
    isLast: untilClose,
  }
}

/**
 * Sends both directions in random pieces and a random order, but no byte of an answer before the head of its request: a
 * server may answer early, and not earlier than that.
 */
const interleave = (random: Random, following: Following, exchanges: ReadonlyArray<Exchange>): void => {
  const requests = exchanges.map(({ request }) => request).join("")
  const answers = exchanges.map(({ answer }) => answer).join("")
  // Up to which byte answers may be sent, once so many bytes of requests were.
  const gates: Array<readonly [sent: number, allowed: number]> = []
  let begin = 0
  let allowed = 0
  for (const { request, answer, headLength } of exchanges) {
    gates.push([begin + Math.min(headLength, request.length), (allowed += answer.length)])
    begin += request.length
  }
  const pieceOf = (): number => random.pick([1, 2, 7, 40, 1000])
  let sent = 0
  let got = 0
  while (sent < requests.length || got < answers.length) {
    const may = gates.findLast(([needed]) => needed <= sent)?.[1] ?? 0
    if (sent < requests.length && (got >= may || random.below(2) === 0)) {
      const next = Math.min(requests.length, sent + pieceOf())
      following.feed("client", ascii(requests.slice(sent, next)))
      sent = next
    } else {
      const next = Math.min(may, got + pieceOf())
      following.feed("target", ascii(answers.slice(got, next)))
      got = next
    }
  }
}

const pipelineOf = (random: Random): ReadonlyArray<Exchange> => {
  const length = 1 + random.below(8)
  return Array.from({ length }, (_, i) => exchangeOf(random, i, i === length - 1))
}

describe("connections that were made up:", () => {
  test("every request is told, in order, with its answer and its bytes, however they are cut and interleaved", () => {
    fuzz(1500, (random) => {
      const exchanges = pipelineOf(random)
      const following = new Following()
      interleave(random, following, exchanges)
      if (exchanges.at(-1)?.isLast === true) following.step("target ends", () => [])
      expect(following.said).toEqual(exchanges.map(({ said }) => said))
      following.step("over: target", () => [])
      expect(following.said).toHaveLength(exchanges.length)
    })
  })

  test("one that breaks off tells what was whole, and that the rest was cut", () => {
    fuzz(1500, (random) => {
      const exchanges = pipelineOf(random)
      const following = new Following()
      following.feed("client", ascii(exchanges.map(({ request }) => request).join("")))
      const answers = exchanges.map(({ answer }) => answer).join("")
      const at = random.below(answers.length)
      following.feed("target", ascii(answers.slice(0, at)))
      const by = random.pick(["client", "target"] as const)
      following.step(`over: ${by}`, () => [])
      let end = 0
      const whole = exchanges.filter(({ answer, isLast }) => (end += answer.length) <= at && !isLast)
      expect(following.said).toHaveLength(exchanges.length)
      expect(following.said.slice(0, whole.length)).toEqual(whole.map(({ said }) => said))
      for (const said of following.said.slice(whole.length)) expect(said).toEndWith(` cut by ${by}`)
    })
  })
})

/** Feeds bytes of both directions in random pieces, and holds the promises that are independent of what they are. */
const disturb = (random: Random, client: Uint8Array, target: Uint8Array): void => {
  const following = new Following({ maxHeadBytes: 200, maxPipelined: 4 })
  let sent = 0
  let got = 0
  while (sent < client.length || got < target.length) {
    const size = 1 + random.below(60)
    if (got >= target.length || (sent < client.length && random.below(2) === 0)) {
      following.feed("client", client.subarray(sent, sent + size))
      sent += size
    } else {
      following.feed("target", target.subarray(got, got + size))
      got += size
    }
    const { requestSkippable, responseSkippable } = following.follower
    expect(requestSkippable).toBeGreaterThanOrEqual(0)
    expect(responseSkippable).toBeGreaterThanOrEqual(0)
  }
  following.step("over: client", () => [])
  const ends = following.said.findIndex((said) => said.startsWith("lost: ") || said.startsWith("upgraded: "))
  if (ends !== -1) expect(ends).toBe(following.said.length - 1)
  for (const { cut, status, answeredAt } of following.requests) {
    expect(answeredAt === undefined).toBe(status === 0)
    if (cut === undefined) expect(status).not.toBe(0)
  }
}

describe("hostile bytes:", () => {
  test("whatever comes, nothing is thrown, and nothing is said behind an end", () => {
    fuzz(1500, (random) => disturb(random, random.bytes(random.below(600)), random.bytes(random.below(600))))
  })

  test("nor by connections with single bytes changed, lost and doubled", () => {
    fuzz(1500, (random) => {
      const spoil = (text: string): Uint8Array => {
        const bytes = Array.from(ascii(text))
        for (let n = random.below(4); n > 0; n--) {
          bytes.splice(random.below(bytes.length), random.below(3), ...random.bytes(random.below(3)))
        }
        return Uint8Array.from(bytes)
      }
      const exchanges = pipelineOf(random)
      disturb(
        random,
        spoil(exchanges.map(({ request }) => request).join("")),
        spoil(exchanges.map(({ answer }) => answer).join("")),
      )
    })
  })
})
