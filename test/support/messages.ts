/**
 * Messages: runs the HTTP/1 parsers over received chunks, message after message, as an exchange does. Nothing is sent.
 */
import { toLatin1 } from "../../src/protocol/bytes.ts"
import { Body, type BodyLimits } from "../../src/protocol/http/body.ts"
import { tooLong } from "../../src/protocol/http/head-scanner.ts"
import { Fields } from "../../src/protocol/http/fields.ts"
import { type HeadLimits, parseRequest, type RequestHead } from "../../src/protocol/http/request.ts"
import { parseResponse, type ResponseHead } from "../../src/protocol/http/response.ts"
import { bareLineFeed, findHeadEnd, incomplete, leadingEmptyLines } from "../../src/protocol/http/scan.ts"
import { Inbox } from "../../src/protocol/inbox.ts"
import type { Refusal } from "../../src/protocol/refusal.ts"

/** The limits of the defaults, and a pseudonym that no test input holds by chance. */
export const limits: HeadLimits & BodyLimits = {
  maxHeadBytes: 64 * 1024,
  maxHeadFields: 128,
  pseudonym: "pillion-under-test",
}

export interface Message<Head> {
  readonly head: Head
  /** The request line or status line. */
  readonly line: string
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>
  /** The decoded content that has arrived. */
  content: string
  /** The message has ended, by itself. */
  whole: boolean
}

export interface Reading<Head> {
  readonly messages: ReadonlyArray<Message<Head>>
  /** `waiting` for more bytes, `over` behind the last message that this connection takes, or why it was refused. */
  readonly end: "waiting" | "over" | `refused: ${string}`
  /** Bytes that belong to no message. */
  readonly left: string
}

interface Parser<Head> {
  readonly parse: (bytes: Uint8Array, end: number, fields: Fields) => Head | Refusal
  /** Whether another message may follow. */
  readonly stays: (head: Head) => boolean
  readonly emptyLines: boolean
}

/** Reads requests of every form, up to a CONNECT, an upgrade, or one after which the connection closes. */
export const readRequests = (chunks: Iterable<Uint8Array>): Reading<RequestHead> =>
  read(chunks, {
    parse: (bytes, end, fields) => parseRequest(bytes, end, fields, limits),
    stays: ({ form, minor, survey }) =>
      form !== "authority" && minor === 1 && !survey.close && !(survey.upgradeOption && survey.upgradeOffered),
    emptyLines: true,
  })

/** Reads the answers to requests of one method, up to a 101 or one after which the connection closes. */
export const readResponses = (chunks: Iterable<Uint8Array>, method = "GET"): Reading<ResponseHead> =>
  read(chunks, {
    parse: (bytes, end, fields) => parseResponse(bytes, end, fields, limits, method),
    stays: ({ status, keepAlive }) => status !== 101 && keepAlive,
    emptyLines: false,
  })

const read = <Head extends RequestHead | ResponseHead>(
  chunks: Iterable<Uint8Array>,
  parser: Parser<Head>,
): Reading<Head> => {
  const inbox = new Inbox()
  const fields = new Fields()
  const messages: Array<Message<Head>> = []
  let current: { readonly message: Message<Head>; readonly body: Body } | undefined
  let searched = 0

  /** One head or one piece of a body; undefined while there is more to do, "waiting" when bytes are missing. */
  const step = (): Reading<Head>["end"] | undefined => {
    if (current !== undefined) return passBody(current.message, current.body)
    const skip = parser.emptyLines ? leadingEmptyLines(inbox.view()) : 0
    const bytes = inbox.view().subarray(skip)
    const end = findHeadEnd(bytes, Math.max(0, searched - skip))
    searched = inbox.length
    if (end === bareLineFeed) return "refused: a line ends without CRLF"
    const refused = tooLong(end === incomplete ? bytes : bytes.subarray(0, end), limits.maxHeadBytes)
    if (refused !== undefined) return `refused: ${refused.detail}`
    if (end === incomplete) return "waiting"
    const head = parser.parse(bytes, end, fields)
    if ("reason" in head) return `refused: ${head.detail}`
    const line = toLatin1(bytes, 0, bytes.indexOf(0x0d))
    const message = { head, line, fields: texts(bytes, fields), content: "", whole: false }
    messages.push(message)
    current = { message, body: new Body(head.bodyLength, "plain", limits) }
    inbox.consume(skip + end)
    searched = 0
    return undefined
  }

  const passBody = (message: Message<Head>, body: Body): Reading<Head>["end"] | undefined => {
    message.content += toLatin1(body.pass(inbox.view(), 0))
    inbox.consume(body.consumed)
    if (body.problem !== undefined) return `refused: ${body.problem}`
    if (!body.done) return "waiting"
    message.whole = true
    current = undefined
    return parser.stays(message.head) ? undefined : "over"
  }

  let end: Reading<Head>["end"] = "waiting"
  for (const chunk of chunks) {
    // The inbox owns what it is given.
    inbox.add(new Uint8Array(chunk))
    if (end !== "waiting") continue
    let next = step()
    while (next === undefined) next = step()
    end = next
  }
  return { messages, end, left: toLatin1(inbox.view()) }
}

/** Every field line as text. */
export const texts = (bytes: Uint8Array, fields: Fields): ReadonlyArray<readonly [name: string, value: string]> =>
  Array.from({ length: fields.count }, (_, field) => [
    toLatin1(bytes, fields.nameStart(field), fields.nameEnd(field)),
    toLatin1(bytes, fields.valueStart(field), fields.valueEnd(field)),
  ])

/** Whole, byte by byte, and split in two at every offset. */
export function* cuts(bytes: Uint8Array): Generator<ReadonlyArray<Uint8Array>> {
  yield [bytes]
  yield Array.from(bytes, (byte) => Uint8Array.of(byte))
  for (let i = 1; i < bytes.length; i++) yield [bytes.subarray(0, i), bytes.subarray(i)]
}
