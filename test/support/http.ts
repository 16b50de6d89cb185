/**
 * HTTP messages as tests read them from a raw connection: names, order and framing as they were on the wire.
 *
 * Deliberately apart from the parser under test: this one trusts its input and is a few lines of string work.
 */
import type { Peer } from "./peer.ts"

export interface Message {
  /** The request line or status line. */
  readonly line: string
  /** Names as sent, in the order sent. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>
  /** The body without its framing; trailers of a chunked body are not kept. */
  readonly body: string
}

/** The field's value, or undefined; several are joined by ", ". */
export const field = (message: Message, name: string): string | undefined => {
  const values = message.fields.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(", ")
}

/** The names of all fields as sent, in the order sent. */
export const names = (message: Message): ReadonlyArray<string> => message.fields.map(([name]) => name)

/** The next request, or undefined when the connection ended, or was reset, before it. */
export const readRequest = async (peer: Peer, milliseconds?: number): Promise<Message | undefined> => {
  let head: Message
  try {
    head = parseHead(await peer.readUntil("\r\n\r\n", milliseconds))
  } catch (cause) {
    if (peer.pending.length === 0 && (peer.ended || peer.failure !== undefined)) return undefined
    throw cause
  }
  return { ...head, body: await readFramed(peer, head, () => Promise.resolve("")) }
}

/** The next response. `bodiless` says that its request was a HEAD. 1xx, 204 and 304 have no body by themselves. */
export const readResponse = async (peer: Peer, options: { readonly bodiless?: boolean } = {}): Promise<Message> => {
  const head = parseHead(await peer.readUntil("\r\n\r\n"))
  const bodiless = options.bodiless === true || /^HTTP\/1\.\d (1\d\d|204|304)/.test(head.line)
  if (bodiless) return head
  return { ...head, body: await readFramed(peer, head, async () => (await peer.readToEnd()).toString("latin1")) }
}

/** The status code of a response. */
export const status = (message: Message): number => Number(message.line.split(" ")[1])

const parseHead = (head: string): Message => {
  const [line = "", ...lines] = head.slice(0, -4).split("\r\n")
  const fields = lines.map((each) => {
    const colon = each.indexOf(":")
    return [each.slice(0, colon), each.slice(colon + 1).trim()] as const
  })
  return { line, fields, body: "" }
}

const readFramed = async (peer: Peer, head: Message, otherwise: () => Promise<string>): Promise<string> => {
  if (field(head, "Transfer-Encoding")?.toLowerCase() === "chunked") return readChunked(peer)
  const length = field(head, "Content-Length")
  return length === undefined ? otherwise() : (await peer.read(Number(length))).toString("latin1")
}

const readChunked = async (peer: Peer): Promise<string> => {
  let body = ""
  while (true) {
    const size = Number.parseInt(await peer.readUntil("\r\n"), 16)
    if (size === 0) break
    body += (await peer.read(size)).toString("latin1")
    await peer.expect("\r\n")
  }
  while ((await peer.readUntil("\r\n")) !== "\r\n");
  return body
}
