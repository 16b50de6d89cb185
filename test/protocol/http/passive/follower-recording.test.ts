/** What a recording is told of a connection that is followed: the same, however its bytes are cut. */
import { describe, expect, test } from "bun:test"

import { byteByByte, type Cut, Following, type Step, wholly } from "../../../support/following.ts"
import { Told } from "../../../support/told.ts"

const crlf = (text: string): string => text.replaceAll("|", "\r\n")

/** Every way to cut the longest step in two. */
const splits = (steps: ReadonlyArray<Step>): ReadonlyArray<Cut> => {
  const longest = Math.max(...steps.map(({ length }) => length))
  return Array.from({ length: longest }, (_, at): Cut => (bytes) => [bytes.subarray(0, at), bytes.subarray(at)])
}

const record = (steps: ReadonlyArray<Step>, cut: Cut, wanted?: number) => {
  const told: Array<Told> = []
  const following = new Following({}, () => {
    const one = new Told(wanted)
    told.push(one)
    return one
  })
  for (const step of steps) following.step(crlf(step) as Step, cut)
  return { told, following }
}

type Row = readonly [shows: string, steps: ReadonlyArray<Step>, lines: ReadonlyArray<string>]

const rows: ReadonlyArray<Row> = [
  [
    "a request and its answer",
    [">GET /a HTTP/1.1|Host: h||", "<HTTP/1.1 200 OK|Content-Length: 2||ok"],
    ["> GET /a HTTP/1.1|Host: h||", "< HTTP/1.1 200 OK|Content-Length: 2|| ok"],
  ],
  [
    "bodies by length and up to the end, each with its own",
    [
      ">POST /a HTTP/1.1|Host: h|Content-Length: 3||abcPOST /b HTTP/1.1|Host: h|Content-Length: 2||de",
      "<HTTP/1.1 204 X||HTTP/1.1 200 OK||rest",
      "target ends",
    ],
    [
      "> POST /a HTTP/1.1|Host: h|Content-Length: 3|| abc",
      "< HTTP/1.1 204 X||",
      "> POST /b HTTP/1.1|Host: h|Content-Length: 2|| de",
      "< HTTP/1.1 200 OK|| rest",
    ],
  ],
  [
    "chunks without their framing, and trailers",
    [
      ">POST / HTTP/1.1|Host: h|Transfer-Encoding: chunked||3;x=y|abc|0A|0123456789|0|T: v|U: w||",
      "<HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0||",
    ],
    [
      "> POST / HTTP/1.1|Host: h|Transfer-Encoding: chunked|| abc0123456789 T: v|U: w||",
      "< HTTP/1.1 200 OK|Transfer-Encoding: chunked|| ok |",
    ],
  ],
  [
    "interim answers",
    [">POST / HTTP/1.1|Host: h||", "<HTTP/1.1 103 Early|L: x||HTTP/1.1 200 OK|Content-Length: 0||"],
    ["> POST / HTTP/1.1|Host: h||", "< HTTP/1.1 103 Early|L: x||", "< HTTP/1.1 200 OK|Content-Length: 0||"],
  ],
  [
    "a switch of protocols, and nothing behind it",
    [
      ">GET / HTTP/1.1|Host: h|Upgrade: websocket|Connection: upgrade||",
      "<HTTP/1.1 101 Switching|Upgrade: websocket||frames",
    ],
    [
      "> GET / HTTP/1.1|Host: h|Upgrade: websocket|Connection: upgrade||",
      "< HTTP/1.1 101 Switching|Upgrade: websocket||",
    ],
  ],
  [
    "a request whose head goes on behind its answer",
    [">GET / HTTP/1.1|Host: h|", "<HTTP/1.1 431 X|Content-Length: 0||", ">More: x||"],
    ["> GET / HTTP/1.1|Host: h|More: x||", "< HTTP/1.1 431 X|Content-Length: 0||"],
  ],
  [
    "a request whose head was never whole",
    [">GET / HTTP/1.1|Host: h|", "<HTTP/1.1 431 X|Content-Length: 0||", "client ends"],
    ["> GET / HTTP/1.1|Host: h|", "< HTTP/1.1 431 X|Content-Length: 0||"],
  ],
]

describe("told of:", () => {
  test.each(rows.map((row) => [row[0], row] as const))("%s", (_, [, steps, lines]) => {
    for (const cut of [wholly, byteByByte, ...splits(steps)]) {
      const { told, following } = record(steps, cut)
      expect(told.flatMap((one) => one.lines)).toEqual([...lines])
      // Whoever hears of a request has its recording.
      expect(following.requests.map(({ recording }) => recording)).toEqual(told)
      expect(told.flatMap(({ ends }) => ends)).toEqual([])
    }
  })
})

const saidOf = (steps: ReadonlyArray<Step>, cut: Cut) => {
  const { told, following } = record(steps, cut)
  expect(following.requests.map(({ upgrade }) => upgrade)).toEqual([told[0]!.upgrade])
  expect(told.flatMap(({ ends }) => ends)).toEqual([])
  return told[0]!.upgrade
}

describe("what the connection becomes", () => {
  const asked = ">GET / HTTP/1.1|Host: h|Upgrade: told|Connection: upgrade||"
  const switched = "<HTTP/1.1 101 Switching|Upgrade: told||"

  test("is told from its first byte on, by whichever side and however early it came", () => {
    const steps: ReadonlyArray<Step> = [`${asked}ahead|`, `${switched}behind it`]
    for (const cut of [wholly, ...splits(steps)]) {
      const { text, bytesIn, bytesOut } = saidOf(steps, cut)
      expect(text.client).toBe("ahead\r\n")
      // What the target sends in a later piece is told to whoever listens then.
      expect("behind it").toStartWith(text.target)
      expect([bytesIn, bytesOut]).toEqual([7, text.target.length])
    }
    expect(saidOf(steps, wholly).text.target).toBe("behind it")
  })

  test("is not told where too much of it came before the answer", () => {
    const { told, following } = record([`${asked}${"x".repeat(70_000)}` as Step, switched], wholly)
    expect(told[0]?.upgrade.text).toEqual({ client: "", target: "" })
    expect(following.requests[0]?.upgrade).toBeUndefined()
  })

  test("is not told where it does not become anything", () => {
    const { told } = record([`${asked}GET /b HTTP/1.1|Host: h||`, "<HTTP/1.1 200 OK|Content-Length: 0||"], wholly)
    expect(told.map(({ upgrade }) => upgrade.text.client)).toEqual(["", ""])
  })
})

test("it is known which messages were followed to their end", () => {
  const { following } = record(
    [">GET / HTTP/1.1|Host: h||", "<HTTP/1.1 200 OK|Content-Length: 3||ab", "over: target"],
    wholly,
  )
  const [request] = following.requests
  expect([request?.requestIsWhole, request?.answerIsWhole]).toEqual([true, false])
})

describe("what is never reported is abandoned:", () => {
  const asked = ">GET / HTTP/1.1|Host: h||"
  test.each<readonly [string, ReadonlyArray<Step>]>([
    ["an answer that is none", [asked, "<SSH-2.0-x|"]],
    ["an answer that cannot be framed", [asked, "<HTTP/1.1 200 OK|Content-Length: x||"]],
    ["an answer to more than was asked", [asked, "<HTTP/1.1 101 X||"]],
  ])("%s", (_, steps) => {
    const { told, following } = record(steps, wholly)
    expect(following.requests).toEqual([])
    expect(told.map(({ ends }) => ends)).toEqual([["abandoned"]])
  })
})

const answering = (wanted: number | undefined) => {
  const { following } = record(
    [">GET / HTTP/1.1|Host: h||", "<HTTP/1.1 200 OK|Content-Length: 100||0123456789"],
    wholly,
    wanted,
  )
  return following.follower.responseSkippable
}
const asking = (wanted: number | undefined) => {
  const { following } = record([">POST / HTTP/1.1|Host: h|Content-Length: 100||0123456789"], wholly, wanted)
  return following.follower.requestSkippable
}

describe("content may pass unseen", () => {
  test("only where no more of it is wanted", () => {
    expect([answering(11), asking(11)]).toEqual([0, 0])
    expect([answering(10), asking(10)]).toEqual([90, 90])
  })

  test("of an answer that ends with the connection too", () => {
    const steps: ReadonlyArray<Step> = [">GET / HTTP/1.1|Host: h||", "<HTTP/1.1 200 OK||0123456789"]
    expect(record(steps, wholly, 11).following.follower.responseSkippable).toBe(0)
    expect(record(steps, wholly, 10).following.follower.responseSkippable).toBe(Infinity)
  })

  test("and chunks within their data", () => {
    const steps: ReadonlyArray<Step> = [
      ">GET / HTTP/1.1|Host: h||",
      "<HTTP/1.1 200 OK|Transfer-Encoding: chunked||a|0123",
    ]
    expect(record(steps, wholly, 5).following.follower.responseSkippable).toBe(0)
    expect(record(steps, wholly, 4).following.follower.responseSkippable).toBe(6)
  })
})
