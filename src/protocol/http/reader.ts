/**
 * Reader: the next head in an inbox, however its bytes arrive.
 *
 * A reader searches no byte twice while a head trickles in, and refuses as soon as no head can come of what is there. A
 * reader consumes nothing: the caller knows how much of what follows belongs to the message.
 */
import type { Inbox } from "../inbox.ts"
import type { Refusal } from "../refusal.ts"

import { Fields } from "./fields.ts"
import { HeadScanner, requestHeads, responseHeads } from "./head-scanner.ts"
import { type Parsed, parseRequest, type RequestHead } from "./request.ts"
import { parseResponse, type ResponseHead } from "./response.ts"
import { incomplete, leadingEmptyLines } from "./scan.ts"

/** Shared by all readers: a head is parsed and passed on before another one is read. */
const fields = new Fields()

export interface ReaderLimits {
  readonly maxHeadBytes: number
  readonly maxHeadFields: number
}

/** No byte of a head has arrived, or a part of one. */
export type NotYet = "nothing" | "partial"

/** The head that comes next. `skipped` bytes of empty lines stand before it in the inbox. */
export interface Read<Head> extends Parsed<Head> {
  readonly skipped: number
}

export class RequestReader {
  private readonly inbox: Inbox
  private readonly limits: () => ReaderLimits
  private readonly pseudonym: string
  private readonly scanner = new HeadScanner(requestHeads)

  constructor(inbox: Inbox, limits: () => ReaderLimits, pseudonym: string) {
    this.inbox = inbox
    this.limits = limits
    this.pseudonym = pseudonym
  }

  /** Up to two empty lines before a request are forgiven (RFC 9112 section 2.2); they are no part of a head yet. */
  read(): Read<RequestHead> | Refusal | NotYet {
    const view = this.inbox.view()
    const skipped = leadingEmptyLines(view)
    if (skipped === view.length) return "nothing"
    const { maxHeadBytes, maxHeadFields } = this.limits()
    const bytes = skipped === 0 ? view : view.subarray(skipped)
    const end = this.scanner.scan(bytes, skipped, maxHeadBytes)
    if (typeof end !== "number") return end
    if (end === incomplete) return "partial"
    const head = parseRequest(bytes, end, fields, { maxHeadFields, pseudonym: this.pseudonym })
    return "reason" in head ? head : { bytes, end, head, fields, skipped }
  }
}

export class ResponseReader {
  private readonly inbox: Inbox
  private readonly limits: () => ReaderLimits
  private readonly pseudonym: string
  private readonly scanner = new HeadScanner(responseHeads)

  constructor(inbox: Inbox, limits: () => ReaderLimits, pseudonym: string) {
    this.inbox = inbox
    this.limits = limits
    this.pseudonym = pseudonym
  }

  /** `method` is that of the request: it decides whether a body follows. */
  read(method: string): Parsed<ResponseHead> | Refusal | "partial" {
    const bytes = this.inbox.view()
    const { maxHeadBytes, maxHeadFields } = this.limits()
    const end = this.scanner.scan(bytes, 0, maxHeadBytes)
    if (typeof end !== "number") return end
    if (end === incomplete) return "partial"
    const head = parseResponse(bytes, end, fields, { maxHeadFields, pseudonym: this.pseudonym }, method)
    return "reason" in head ? head : { bytes, end, head, fields }
  }
}
