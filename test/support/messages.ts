/**
 * Messages: runs the HTTP/1 readers over received chunks, message after message, as an exchange does. Nothing is sent.
 */
import { toLatin1 } from "../../src/protocol/bytes.ts"
import { Body, type BodyLimits } from "../../src/protocol/http/body.ts"
import type { Fields } from "../../src/protocol/http/fields.ts"
import { RequestReader, ResponseReader } from "../../src/protocol/http/reader.ts"
import { asksToUpgrade, type HeadLimits, type Parsed, type RequestHead } from "../../src/protocol/http/request.ts"
import type { ResponseHead } from "../../src/protocol/http/response.ts"
import { Inbox } from "../../src/protocol/inbox.ts"
import { type Refusal, refusal } from "../../src/protocol/refusal.ts"

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
  /** What the peer is told when it was refused. How the refusal is worded may depend on how the bytes were cut. */
  readonly reason: Refusal["reason"] | undefined
  /** Bytes that belong to no message. */
  readonly left: string
}

/** The next head, from the first byte of the inbox on; "waiting" when it is not all there. */
type ReadHead<Head> = () => Parsed<Head> | Refusal | "waiting"

/** The readers that are under test, with the limits of the defaults. */
export const requestReader = (inbox: Inbox): RequestReader => new RequestReader(inbox, () => limits, limits.pseudonym)
export const responseReader = (inbox: Inbox): ResponseReader =>
  new ResponseReader(inbox, () => limits, limits.pseudonym)

/** Reads requests of every form, up to a CONNECT, an upgrade, or one after which the connection closes. */
export const readRequests = (chunks: Iterable<Uint8Array>): Reading<RequestHead> => {
  const inbox = new Inbox()
  const reader = requestReader(inbox)
  const readHead: ReadHead<RequestHead> = () => {
    const read = reader.read()
    if (typeof read === "string") return "waiting"
    if (!("reason" in read)) inbox.consume(read.skipped)
    return read
  }
  return read(chunks, inbox, readHead, "malformed-request", ({ form, minor, survey }) => {
    return form !== "authority" && minor === 1 && !survey.close && !asksToUpgrade(survey, minor)
  })
}

/** Reads the answers to requests of one method, up to a 101 or one after which the connection closes. */
export const readResponses = (chunks: Iterable<Uint8Array>, method = "GET"): Reading<ResponseHead> => {
  const inbox = new Inbox()
  const reader = responseReader(inbox)
  const readHead: ReadHead<ResponseHead> = () => {
    // An exchange asks only when something is there.
    const read = inbox.length === 0 ? "partial" : reader.read(method)
    return read === "partial" ? "waiting" : read
  }
  return read(chunks, inbox, readHead, "response-malformed", ({ status, keepAlive }) => status !== 101 && keepAlive)
}

/** `badBody` is what a body is refused for; `stays`: another message may follow. */
const read = <Head extends RequestHead | ResponseHead>(
  chunks: Iterable<Uint8Array>,
  inbox: Inbox,
  readHead: ReadHead<Head>,
  badBody: Refusal["reason"],
  stays: (head: Head) => boolean,
): Reading<Head> => {
  const messages: Array<Message<Head>> = []
  let current: { readonly message: Message<Head>; readonly body: Body } | undefined

  let reason: Refusal["reason"] | undefined

  const refuse = (refused: Refusal): Reading<Head>["end"] => {
    reason = refused.reason
    return `refused: ${refused.detail}`
  }

  /** One head or one piece of a body; undefined while there is more to do, "waiting" when bytes are missing. */
  const step = (): Reading<Head>["end"] | undefined => {
    if (current !== undefined) return passBody(current.message, current.body)
    const read = readHead()
    if (read === "waiting") return read
    if ("reason" in read) return refuse(read)
    const { bytes, end, head, fields } = read
    const line = toLatin1(bytes, 0, bytes.indexOf(0x0d))
    const message = { head, line, fields: texts(bytes, fields), content: "", whole: false }
    messages.push(message)
    current = { message, body: new Body(head.bodyLength, "plain", limits) }
    inbox.consume(end)
    return undefined
  }

  const passBody = (message: Message<Head>, body: Body): Reading<Head>["end"] | undefined => {
    message.content += toLatin1(body.pass(inbox.view(), 0))
    inbox.consume(body.consumed)
    if (body.problem !== undefined) return refuse(refusal(badBody, body.problem))
    if (!body.done) return "waiting"
    message.whole = true
    current = undefined
    return stays(message.head) ? undefined : "over"
  }

  let end: Reading<Head>["end"] = "waiting"
  for (const chunk of chunks) {
    // A chunk is only lent: it is spoilt once it was read, so that whatever was kept of it would show.
    const lent = new Uint8Array(chunk)
    inbox.add(lent)
    let next: Reading<Head>["end"] | undefined = end === "waiting" ? step() : end
    while (next === undefined) next = step()
    end = next
    inbox.keep()
    lent.fill(0xaa)
  }
  return { messages, end, reason, left: toLatin1(inbox.view()) }
}

/** Every field line as text. */
export const texts = (bytes: Uint8Array, fields: Fields): ReadonlyArray<readonly [name: string, value: string]> =>
  Array.from({ length: fields.count }, (_, field) => [
    toLatin1(bytes, fields.nameStart(field), fields.nameEnd(field)),
    toLatin1(bytes, fields.valueStart(field), fields.valueEnd(field)),
  ])
