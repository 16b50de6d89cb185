import { describe, expect, test } from "bun:test"

import { answerOptions, answerRefusal, connectionEstablished } from "../../../src/protocol/http/answer.ts"
import { type Reason, refusal, refusals } from "../../../src/protocol/refusal.ts"
import { readResponses } from "../../support/messages.ts"

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")
const reasons = Object.keys(refusals) as Array<Reason>

describe("the answer to a refusal", () => {
  test.each(reasons)("for %s is a whole message with its status, its Proxy-Status and its reason", (reason) => {
    const { status, proxyStatus, text: why } = refusals[reason]
    const answer = answerRefusal(refusal(reason, "detail"), { close: true, body: true })
    const { messages, end, left } = readResponses([answer])
    expect([messages.length, end, left]).toEqual([1, "over", ""])
    const [message] = messages
    expect(message?.head.status).toBe(status)
    expect(message?.line).toMatch(/^HTTP\/1\.1 [1-5]\d\d [A-Z][A-Za-z -]+$/)
    expect(message?.fields).toContainEqual(["Proxy-Status", `pillion; error=${proxyStatus}`])
    expect(message?.content).toBe(`pillion: ${why}\n`)
  })

  test("says whether the connection closes", () => {
    const refused = refusal("connection-refused", "x")
    expect(text(answerRefusal(refused, { close: true, body: true }))).toContain("\r\nConnection: close\r\n")
    expect(text(answerRefusal(refused, { close: false, body: true }))).not.toContain("Connection")
  })

  test("has no body for HEAD, but the fields that it would have", () => {
    const refused = refusal("connection-refused", "x")
    const whole = text(answerRefusal(refused, { close: false, body: true }))
    const bare = text(answerRefusal(refused, { close: false, body: false }))
    expect(bare).toEndWith("\r\n\r\n")
    expect(whole).toStartWith(bare)
  })

  test("never holds the detail, which is for the log", () => {
    for (const reason of reasons) {
      expect(text(answerRefusal(refusal(reason, "s3cret"), { close: true, body: true }))).not.toContain("s3cret")
    }
  })

  test("names the methods that are allowed when one is not (RFC 9110 section 15.5.6)", () => {
    const answer = text(answerRefusal(refusal("method-not-allowed", "TRACE"), { close: true, body: true }))
    expect(answer).toMatch(/\r\nAllow: [A-Z, ]*CONNECT[A-Z, ]*\r\n/)
    expect(answer).not.toContain("TRACE")
  })
})

test("the answer to CONNECT is a head without a field, so that the tunnel begins right behind it", () => {
  expect(text(connectionEstablished)).toMatch(/^HTTP\/1\.1 200 [A-Za-z ]+\r\n\r\n$/)
})

test("the answer to OPTIONS for the proxy itself is whole and keeps the connection", () => {
  const { messages, end } = readResponses([answerOptions(false)])
  expect(messages.map(({ head, whole }) => [head.status, head.keepAlive, whole])).toEqual([[200, true, true]])
  expect(messages[0]?.fields.map(([name]) => name)).toEqual(["Allow", "Content-Length"])
  expect(end).toBe("waiting")
})
