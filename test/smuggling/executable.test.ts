/**
 * Smuggling, through the executable: whatever a client sends, and however an origin answers, the origin sees nothing, or
 * exactly the requests that a strict reader sees; after an error in framing the connection ends; a connection to an
 * origin whose request or answer was not clean is never used again; and the next client gets its own answer.
 *
 * `TEST_SEED` repeats a run, and `TEST_REPLAY`, with what a failure prints, that failure.
 */
import { expect, test } from "bun:test"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"

import { ascii } from "../support/bytes.ts"
import { choiceLists, Choices, hostileCuts, hostileRequests } from "../support/hostile.ts"
import { readResponse } from "../support/http.ts"
import { rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { expectRecords, recording } from "../support/recording.ts"
import { type Choose, evil, type Manner, manners, type Recorded, StrictOrigin } from "./strict-origin.ts"
import { describeSeen, see, type Seen, type Sight } from "../support/strict.ts"

/** The origins that the generated requests name, all of them the origin; the last one is in smuggled requests only. */
const authorities = ["a.test:80", "b.test:8080", "evil.test:80"]
/** Where nothing listens. */
const nowhere = ["b.test:443=127.0.0.1:1"]

const authorityOf = ({ host }: Seen): string => {
  const lower = host.toLowerCase()
  return /:\d+$/.test(lower) ? lower : `${lower}:80`
}

/** Whether a request goes to a name that is not known here: it would be looked up, and traffic stays on loopback. */
const leavesHome = (seen: Seen): boolean =>
  seen.path.startsWith("/") && /^[^[]/.test(seen.host) && !authorities.includes(authorityOf(seen))

interface Outcome extends Recorded {
  readonly sight: Sight
  /** What the client got, and how that ended. */
  readonly answer: string
  readonly over: "end" | "reset" | "never"
}

/** Sends bytes in pieces. Where the framing is in order to the last byte a FIN follows; else the proxy has to end it. */
const send = async (pillion: Pillion, pieces: ReadonlyArray<Uint8Array>, sight: Sight) => {
  using client = await rawConnect(pillion.ports.out)
  for (const piece of pieces) {
    await new Promise<void>((resolve) => client.socket.write(piece, () => setImmediate(resolve)))
    if (client.failure !== undefined || client.ended) break
  }
  if (sight.end !== "error") client.end()
  // What never ends is told by what it is an outcome of, like everything else.
  const over = await client.untilOver(10_000).catch(() => "never" as const)
  return { answer: client.pending.toString("latin1"), over }
}

/** What is wrong with an outcome; undefined if nothing is. */
const wrong = ({ sight, requests, given, broken, answer, over }: Outcome): string | undefined => {
  if (broken !== undefined) return broken
  if (over === "never") return "the connection was not ended"
  let next = 0
  for (const request of requests) {
    const found = sight.requests.findIndex((each, i) => i >= next && describeSeen(each) === describeSeen(request))
    if (found < 0) return `a strict reader sees no ${describeSeen(request)} there`
    const skipped = sight.requests.slice(next, found).find((each) => authorities.includes(authorityOf(each)))
    if (skipped !== undefined) return `${describeSeen(skipped)} was left out, and the next one was not`
    next = found + 1
  }
  if (answer.includes(evil)) return "bytes behind or within an answer that is not clean reached the client"
  const got: ReadonlyArray<string> = answer.match(/<mark \d+>/g) ?? []
  const kept = given.filter(({ mark, early }) => got.includes(mark) || (over === "end" && !early))
  const wanted = kept.map(({ mark }) => mark).join()
  if (got.join() !== wanted) return `the client got ${got.join() || "no answer"}, where it must get ${wanted || "none"}`
  return undefined
}

/** `--resolve` for every name that the requests go to. */
const resolveTo = (origin: StrictOrigin): ReadonlyArray<string> => [
  ...authorities.map((each) => `--resolve=${each}=127.0.0.1:${origin.port}`),
  ...nowhere.map((each) => `--resolve=${each}`),
]

const isClean = (manner: Manner): boolean => manner === "by length" || manner === "by chunks"

/** Answers as the numbers say, from their other end, for the requests have used up the beginning. Most are good. */
const answersBy = (numbers: ReadonlyArray<number>, text: string, chosen: (manner: Manner) => void): Choose => {
  const answers = new Choices(numbers.toReversed())
  return (early) => {
    if (early && answers.below(4) < 3) return undefined
    const manner = answers.pick<Manner>(["by length", "by chunks", answers.pick<Manner>(manners)])
    chosen(manner)
    // A 101 is only unasked where nobody asks for an upgrade.
    return manner === "with an unasked 101" && /upgrade/i.test(text) ? "by length" : manner
  }
}

const check = async (runs: number, judge: (numbers: ReadonlyArray<number>) => Promise<string | undefined>) => {
  const seed = process.env["TEST_SEED"] ?? crypto.randomUUID()
  const result = await Effect.runPromise(
    Arbitrary.checkEffect(
      choiceLists,
      (numbers) =>
        Effect.flatMap(
          Effect.promise(() => judge(numbers)),
          (problem) => (problem === undefined ? Effect.succeed(true) : Effect.fail(problem)),
        ),
      { runs, size: 160, maxShrinks: 500, seed, replay: process.env["TEST_REPLAY"] },
    ),
  )
  console.log(`smuggling through the executable: TEST_SEED=${seed}`)
  if (result._tag === "Falsified" && result.failure._tag === "PropertyError") {
    throw new Error(`${result.failure.error}\nTEST_REPLAY='${result.replay}' repeats it`)
  }
  expect(result._tag).toBe("Passed")
}

const inputs = process.env["CI"] === "true" ? 2000 : 300

/** What must hold whether anything is recorded or not. */
const ways: ReadonlyArray<readonly [way: string, flags: ReadonlyArray<string>]> = [
  ["nothing recorded", []],
  ["everything recorded", recording],
]

test.each(ways)(
  `with %s: through the executable an origin sees nothing, or exactly the requests that a strict reader sees (${inputs} inputs)`,
  async (_, flags) => {
    using origin = await StrictOrigin.start()
    await using pillion = await startPillion({
      flags: [
        "--proxy-type=forward",
        // Only an error in framing may end a connection here, never a deadline.
        "--handshake-timeout=10m",
        "--keep-alive-timeout=10m",
        // Every connection ends with its client: only so can it be told what that client sent on it.
        "--origin-reuse=0",
        ...resolveTo(origin),
        ...flags,
      ],
    })
    const counts = { inputs: 0, seen: 0, forwarded: 0, reused: 0, framingErrors: 0, cutShort: 0, unclean: 0, left: 0 }

    const judge = async (numbers: ReadonlyArray<number>): Promise<string | undefined> => {
      const drawn = new Choices(numbers)
      const text = hostileRequests(drawn)
      const pieces = hostileCuts(drawn, ascii(text))
      const sight = see(text)
      if (sight.requests.some(leavesHome)) return void counts.left++
      origin.begin(answersBy(numbers, text, (manner) => void (isClean(manner) || counts.unclean++)))
      const sent = await send(pillion, pieces, sight)
      const recorded = await origin.finish()
      counts.inputs++
      counts.seen += sight.requests.length
      counts.forwarded += recorded.requests.length
      counts.reused += recorded.reused
      if (sight.end === "error") counts.framingErrors++
      if (sight.end === "part") counts.cutShort++
      const problem = wrong({ ...recorded, ...sent, sight })
      return problem === undefined ? undefined : `${problem}\nin ${JSON.stringify(text)}`
    }

    await check(inputs, judge)
    console.log(JSON.stringify(counts))
    // No side of the property may be empty; usual are several times as much.
    expect(counts.inputs).toBeGreaterThan(inputs * 0.9)
    expect(counts.forwarded).toBeGreaterThan(inputs / 5)
    expect(counts.reused).toBeGreaterThan(inputs / 1000)
    expect(counts.framingErrors).toBeGreaterThan(inputs / 10)
    expect(counts.cutShort).toBeGreaterThan(inputs / 100)
    if (flags === recording) await expectRecords(pillion, inputs / 5)
    expect(counts.unclean).toBeGreaterThan(inputs / 50)
  },
  180_000,
)

test.each(ways)(
  `with %s: whatever a client sent, and however it was answered, the next client gets its own answer (${inputs} inputs)`,
  async (_, flags) => {
    using origin = await StrictOrigin.start()
    await using pillion = await startPillion({ flags: ["--proxy-type=forward", ...resolveTo(origin), ...flags] })
    const counts = { inputs: 0, bystanders: 0, unclean: 0 }
    const connectionsAtStart = origin.connections

    /** A client who has done nothing wrong; what is wrong with its answer, or undefined. */
    const bystander = async (): Promise<string | undefined> => {
      const path = `/bystander-${++counts.bystanders}`
      using client = await rawConnect(pillion.ports.out)
      client.send(`GET http://a.test${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`)
      const { line, body } = await readResponse(client)
      if (origin.marksFor(path).includes(body)) return undefined
      return `a bystander got ${line} ${body} where it must get one of ${origin.marksFor(path).join() || "none"}`
    }

    await check(inputs, async (numbers) => {
      const drawn = new Choices(numbers)
      const text = hostileRequests(drawn)
      const pieces = hostileCuts(drawn, ascii(text))
      const sight = see(text)
      if (sight.requests.some(leavesHome)) return undefined
      counts.inputs++
      origin.begin(answersBy(numbers, text, (manner) => void (isClean(manner) || counts.unclean++)))
      await send(pillion, pieces, sight)
      origin.begin(() => "by length")
      const problem = (await bystander()) ?? (await bystander())
      return problem === undefined ? undefined : `${problem}\nafter ${JSON.stringify(text)}`
    })
    console.log(JSON.stringify(counts))
    expect(counts.inputs).toBeGreaterThan(inputs * 0.9)
    expect(counts.unclean).toBeGreaterThan(inputs / 50)
    // Every second bystander, at least, comes by a connection that another client has left.
    expect(origin.connections - connectionsAtStart).toBeLessThan(inputs * 2)
  },
  180_000,
)
