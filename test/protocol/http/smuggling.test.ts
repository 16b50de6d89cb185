/**
 * Smuggling: whatever a client sends, an origin gets nothing, or exactly the requests that a strict reader sees in it.
 *
 * `TEST_REPLAY`, with what a failure prints, repeats that failure.
 */
import { expect, test } from "bun:test"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"

import { toLatin1 } from "../../../src/protocol/bytes.ts"
import type { Body } from "../../../src/protocol/http/body.ts"
import { makeForwarding } from "../../../src/protocol/http/forward.ts"
import { prepareRequest } from "../../../src/protocol/http/prepare.ts"
import { routeOf } from "../../../src/protocol/http/route.ts"
import { Inbox } from "../../../src/protocol/inbox.ts"
import { refusal } from "../../../src/protocol/refusal.ts"
import { ascii } from "../../support/bytes.ts"
import { choiceLists, Choices, hostileCuts, hostileRequests } from "../../support/hostile.ts"
import { limits, requestReader } from "../../support/messages.ts"
import { describeSeen, see, seeForwarded } from "../../support/strict.ts"

/** What an origin would get. */
interface Forwarded {
  /** The bytes of each request that was forwarded to its end. */
  readonly whole: ReadonlyArray<string>
  /** What was sent of a request that had not ended. */
  readonly part: string
  readonly end: "waiting" | "over" | "refused"
}

/** Where a forward proxy would send what names no origin. */
const unnamed = refusal("origin-form-request", "no origin is named")

const forwarding = makeForwarding(limits.pseudonym)

/** Reads and forwards as an exchange does. */
const forward = (chunks: Iterable<Uint8Array>): Forwarded => {
  const inbox = new Inbox()
  const reader = requestReader(inbox)
  const whole: Array<string> = []
  let part = ""
  let stays = true
  let body: Body | undefined

  const passBody = (body: Body): Forwarded["end"] | undefined => {
    const bytes = body.pass(inbox.view(), 0)
    inbox.consume(body.consumed)
    if (body.problem !== undefined) return "refused"
    part += toLatin1(bytes)
    return body.done ? endRequest() : "waiting"
  }

  const endRequest = (): Forwarded["end"] | undefined => {
    whole.push(part)
    part = ""
    body = undefined
    return stays ? undefined : "over"
  }

  const passHead = (): Forwarded["end"] | undefined => {
    const read = reader.read()
    if (typeof read === "string") return "waiting"
    if ("reason" in read) return "refused"
    inbox.consume(read.skipped)
    const route = routeOf(read.head, read.head.target ?? unnamed)
    if (route === "connect") return "over"
    if (typeof route !== "string" && "reason" in route) return "refused"
    const prepared = prepareRequest(read, forwarding, limits)
    if ("reason" in prepared) return "refused"
    part = toLatin1(prepared.bytes)
    stays = prepared.minor === 1 && !prepared.wantsClose && !prepared.upgrade
    body = prepared.body
    inbox.consume(prepared.consumed)
    return body.done ? endRequest() : undefined
  }

  let end: Forwarded["end"] = "waiting"
  for (const chunk of chunks) {
    inbox.add(new Uint8Array(chunk))
    if (end !== "waiting") break
    let next = undefined as Forwarded["end"] | undefined
    while (next === undefined) next = body === undefined ? passHead() : passBody(body)
    end = next
    inbox.keep()
  }
  return { whole, part, end }
}

/** What is wrong with what an origin gets for this text; undefined if nothing is. */
const wrong = (text: string, { whole, part, end }: Forwarded): string | undefined => {
  const expected = see(text)
  for (const [i, bytes] of whole.entries()) {
    const request = expected.requests[i]
    if (request === undefined) return `request ${i} is none for a strict reader`
    const sent = seeForwarded(bytes)
    const [got] = sent.requests
    if (got === undefined || sent.requests.length !== 1 || sent.end !== "nothing") {
      return `request ${i} was forwarded as something else: ${JSON.stringify(bytes)}`
    }
    if (describeSeen(got) !== describeSeen(request)) return `request ${i} became ${describeSeen(got)}`
  }
  const rest = seeForwarded(part)
  if (rest.requests.length > 0 || (part !== "" && rest.end !== "part")) {
    return `a request that was not over looks like one that is: ${JSON.stringify(part)}`
  }
  if (end === "waiting" && expected.requests.length > whole.length) return "a request was swallowed"
  if (end === "waiting" && expected.end === "error") return "an error was not noticed"
  return undefined
}

/** Whether a cut makes no difference, apart from how much of a request that does not end well was sent before. */
const same = (one: Forwarded, other: Forwarded): boolean =>
  one.end === other.end &&
  one.whole.length === other.whole.length &&
  one.whole.every((bytes, i) => {
    const [seen] = seeForwarded(bytes).requests
    const [otherSeen] = seeForwarded(other.whole[i] ?? "").requests
    return seen !== undefined && otherSeen !== undefined && describeSeen(seen) === describeSeen(otherSeen)
  })

const inputs = process.env["CI"] === "true" ? 200_000 : 20_000

test("an origin gets nothing, or exactly the requests that a strict reader sees", async () => {
  const counts = { inputs: 0, forwarded: 0, withLength: 0, chunked: 0, refused: 0, over: 0, cutShort: 0 }

  const judge = (numbers: ReadonlyArray<number>): string | undefined => {
    const drawn = new Choices(numbers)
    const text = hostileRequests(drawn)
    const bytes = ascii(text)
    const whole = forward([bytes])
    const cut = forward(hostileCuts(drawn, bytes))
    counts.inputs++
    counts.forwarded += whole.whole.length
    counts.withLength += whole.whole.filter((each) => /^content-length:/im.test(each)).length
    counts.chunked += whole.whole.filter((each) => each.includes("\nTransfer-Encoding: chunked\r\n")).length
    if (whole.end === "refused") counts.refused++
    if (whole.end === "over") counts.over++
    if (cut.part !== "") counts.cutShort++
    const problem = wrong(text, whole) ?? wrong(text, cut) ?? (same(whole, cut) ? undefined : "a cut changed it")
    return problem === undefined ? undefined : `${problem}\nin ${JSON.stringify(text)}`
  }

  const result = await Effect.runPromise(
    Arbitrary.checkEffect(
      choiceLists,
      (numbers) => {
        const problem = judge(numbers)
        return problem === undefined ? true : Effect.fail(problem)
      },
      { runs: inputs, size: 160, maxShrinks: 20_000, replay: process.env["TEST_REPLAY"] },
    ),
  )
  if (result._tag === "Falsified" && result.failure._tag === "PropertyError") {
    throw new Error(`${result.failure.error}\nTEST_REPLAY='${result.replay}' repeats it`)
  }
  expect(result._tag).toBe("Passed")
  console.log(`smuggling: ${JSON.stringify(counts)}`)
  // No side of the property may be empty; usual are two and a half times as much, or more.
  expect(counts.forwarded).toBeGreaterThan(inputs / 5)
  expect(counts.withLength).toBeGreaterThan(inputs / 10)
  expect(counts.chunked).toBeGreaterThan(inputs / 20)
  expect(counts.refused).toBeGreaterThan(inputs / 5)
  expect(counts.cutShort).toBeGreaterThan(inputs / 200)
}, 120_000)
