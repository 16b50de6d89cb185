/** Bodies: what a Body makes of bytes however they are cut, for the tests that look at what it sends and what it leaves. */
import { expect } from "bun:test"

import { Body, type BodyLimits, type Encoding } from "../../src/protocol/http/body.ts"
import { chunked } from "../../src/protocol/http/survey.ts"
import { ascii, cuts } from "./bytes.ts"
import { limits } from "./messages.ts"

interface Outcome {
  readonly sent: string
  readonly passed: number
  readonly done: boolean
  readonly problem: string | undefined
  /** What belongs to the next message. */
  readonly left: string
}

/** Passes the chunks through a body as they come, each behind a byte that is not its own and spoilt after its use. */
export const run = (
  framing: number,
  encoding: Encoding,
  chunks: Iterable<Uint8Array>,
  bodyLimits: BodyLimits = limits,
): Outcome => {
  const body = new Body(framing, encoding, bodyLimits)
  const sent: Array<Uint8Array> = []
  let left = ""
  for (const chunk of chunks) {
    const input = Buffer.concat([ascii("\r"), chunk])
    let at = 1
    if (!body.done && body.problem === undefined) {
      const bytes = body.pass(input, at)
      if (body.problem === undefined) sent.push(new Uint8Array(bytes))
      expect(body.consumed).toBeWithin(0, chunk.length + 1)
      if (!body.done && body.problem === undefined) expect(body.consumed).toBe(chunk.length)
      at += body.consumed
    }
    left += input.toString("latin1", at)
    input.fill(0xaa)
  }
  const { passed, done, problem } = body
  return { sent: Buffer.concat(sent).toString("latin1"), passed, done, problem, left }
}

/** The content and the trailers of a chunked body, by a reader of its own. */
export const decode = (text: string): { readonly content: string; readonly trailers: string } => {
  let content = ""
  let rest = text
  while (true) {
    const [, size = "", after = ""] = /^([0-9a-f]+)\r\n(.*)$/s.exec(rest) ?? []
    const length = Number.parseInt(size, 16)
    if (size === "0") return { content, trailers: after }
    expect(after.slice(length, length + 2)).toBe("\r\n")
    content += after.slice(0, length)
    rest = after.slice(length + 2)
  }
}

/** What may stand behind a body: nothing of it is the body's. */
export const trailing = ["", "\r", "\r\n", "\n", "0\r\n\r\n", "GET http://h/ HTTP/1.1\r\n\r\n", "\0\xff"]

/** Every cut of a whole chunked body gives this content and these trailers, in both encodings, and leaves the rest. */
export const expectWhole = (text: string, content: string, trailers = "\r\n"): void => {
  for (const after of trailing) {
    for (const chunks of cuts(ascii(text + after))) {
      const { sent, ...rest } = run(chunked, "chunks", chunks)
      expect(rest).toEqual({ passed: content.length, done: true, problem: undefined, left: after })
      expect(decode(sent)).toEqual({ content, trailers })
      expect(run(chunked, "plain", chunks)).toEqual({ ...rest, sent: content })
    }
  }
}

/** Every cut ends with this problem; nothing is done, and no byte of the end was sent. */
export const expectProblem = (text: string, problem: string, bodyLimits: BodyLimits = limits): void => {
  for (const chunks of cuts(ascii(text))) {
    for (const encoding of ["chunks", "plain"] as const) {
      const outcome = run(chunked, encoding, chunks, bodyLimits)
      expect([outcome.problem, outcome.done]).toEqual([problem, false])
      if (encoding === "chunks") expect(outcome.sent).not.toContain("0\r\n\r\n")
    }
  }
}
