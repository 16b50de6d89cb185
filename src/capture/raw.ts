/**
 * Raw: a recorded message as it was sent, head and content. Content is what the record has: without its codings and its
 * chunk framing, and redacted, so its length need not be what the head says.
 */
import { concat, empty, fromLatin1 } from "../protocol/bytes.ts"
import { contentOf } from "./body.ts"
import type { FieldList, RecordedRequest, RecordedResponse } from "./record.ts"

/** The head's lines as text, without the empty one. */
export const requestHead = ({ line, headers }: Pick<RecordedRequest, "line" | "headers">): ReadonlyArray<string> => [
  `${line.method} ${line.target} HTTP/${line.version}`,
  ...fieldLines(headers),
]

/** The same of a response; its reason may be empty, and the space before it stays (RFC 9112 section 4). */
export const responseHead = ({ line, headers }: Pick<RecordedResponse, "line" | "headers">): ReadonlyArray<string> => [
  `HTTP/${line.version} ${line.status} ${line.reason}`,
  ...fieldLines(headers),
]

export const fieldLines = (fields: FieldList): ReadonlyArray<string> =>
  fields.map(([name, value]) => (value === "" ? `${name}:` : `${name}: ${value}`))

export const rawRequest = (request: RecordedRequest): Uint8Array => raw(requestHead(request), request)

export const rawResponse = (response: RecordedResponse): Uint8Array => raw(responseHead(response), response)

const raw = (head: ReadonlyArray<string>, { body }: Pick<RecordedRequest, "body">): Uint8Array =>
  concat(fromLatin1(`${head.join("\r\n")}\r\n\r\n`), body === undefined ? empty : (contentOf(body) ?? empty))
