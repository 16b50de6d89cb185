/**
 * Strict: a reader of HTTP/1 requests that is slow, short and sure. It works on strings with the grammar of RFC 9110
 * and 9112 as regular expressions, and shares no line with the parser that it judges. Of what the RFCs only allow to be
 * forgiven it forgives the blanks behind a chunk size, and of what is forwarded nothing at all.
 */

/** One request as this reader understands it. */
export interface Seen {
  readonly method: string
  /** The authority that the request is for: of its target, or of Host where the target names none. */
  readonly host: string
  /** Path and query in origin-form. */
  readonly path: string
  readonly body: string
}

/** A request in one line, to compare it with another. */
export const describeSeen = ({ method, host, path, body }: Seen): string => JSON.stringify([method, host, path, body])

export interface Sight {
  readonly requests: ReadonlyArray<Seen>
  /** What stands behind the last of them: nothing, a part of a request, bytes that are none, or a CONNECT. */
  readonly end: "nothing" | "part" | "error" | "tunnel"
}

type Head = Omit<Seen, "body"> & { readonly length: number | "chunked" }
/** What could not be read, and why. */
type Stop = Exclude<Sight["end"], "nothing">

/** What a reader takes for a length. */
interface Lengths {
  /** A Content-Length. */
  readonly whole: RegExp
  /** A line with the size of a chunk, which is its first group. */
  readonly chunk: RegExp
}

/** A client may write a length with zeros before it, and a size with blanks, and perhaps extensions, behind it. */
const sentLengths: Lengths = {
  whole: /^0*[0-9]{1,16}$/,
  chunk:
    /^0*([0-9A-Fa-f]{1,13})[\t\x20]*(?:;(?:[\t\x20\x21\x23-\x7e\x80-\xff]|"(?:[^\x00-\x08\x0a-\x1f\x7f"\\]|\\[^\x00-\x08\x0a-\x1f\x7f])*")+)?$/,
}

/** What is forwarded has one way to be written: there is nothing in it that two readers could read differently. */
const forwardedLengths: Lengths = {
  whole: /^(?:0|[1-9][0-9]{0,15})$/,
  chunk: /^(0|[1-9a-f][0-9a-f]{0,12})$/,
}

/** All requests in `text`, one behind the other, which a client has sent. */
export const see = (text: string): Sight => seeBy(sentLengths, text)

/** Likewise of what has been forwarded, whose framing must be written anew. */
export const seeForwarded = (text: string): Sight => seeBy(forwardedLengths, text)

const seeBy = (lengths: Lengths, text: string): Sight => {
  const requests: Array<Seen> = []
  let rest = text
  while (true) {
    rest = rest.replace(/^(\r\n){1,2}/, "")
    if (rest === "") return { requests, end: "nothing" }
    const headEnd = rest.indexOf("\r\n\r\n")
    if (headEnd === -1) return { requests, end: "part" }
    const head = readHead(lengths, rest.slice(0, headEnd))
    if (typeof head === "string") return { requests, end: head }
    rest = rest.slice(headEnd + 4)
    const body = head.length === "chunked" ? readChunks(lengths, rest) : readLength(rest, head.length)
    if (typeof body === "string") return { requests, end: body }
    const { method, host, path } = head
    requests.push({ method, host, path, body: body.content })
    rest = body.rest
  }
}

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x22\x24-\x7e]+) HTTP\/1\.([01])$/
const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/
const absoluteForm = /^http:\/\/((?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)((?:[/?].*)?)$/i

const readHead = (by: Lengths, text: string): Head | Stop => {
  const [line = "", ...lines] = text.split("\r\n")
  const [, method = "", target = "", minor = ""] = requestLine.exec(line) ?? []
  if (method === "") return "error"
  const fields = new Map<string, Array<string>>()
  for (const each of lines) {
    const [, name, value = ""] = fieldLine.exec(each) ?? []
    if (name === undefined) return "error"
    const values = fields.get(name.toLowerCase()) ?? []
    fields.set(name.toLowerCase(), [...values, value.replace(/[ \t]+$/, "")])
  }
  const hosts = fields.get("host") ?? []
  if (hosts.length > 1 || (hosts.length === 0 && minor === "1")) return "error"
  const length = readFraming(by, fields.get("content-length"), fields.get("transfer-encoding"), minor)
  if (length === undefined) return "error"
  if (method === "CONNECT") return "tunnel"
  if (target.startsWith("/") || target === "*") return { method, host: hosts[0] ?? "", path: target, length }
  const [, host, path = ""] = absoluteForm.exec(target) ?? []
  if (host === undefined) return "error"
  if (path === "") return { method, host, path: method === "OPTIONS" ? "*" : "/", length }
  return { method, host, path: path.startsWith("?") ? `/${path}` : path, length }
}

/** RFC 9112 section 6.3 for a recipient that knows no coding but chunked. */
const readFraming = (
  by: Lengths,
  lengths: ReadonlyArray<string> = [],
  codings: ReadonlyArray<string> = [],
  minor: string,
): Head["length"] | undefined => {
  if (lengths.length + codings.length > 1) return undefined
  const [coding] = codings
  if (coding !== undefined) return coding.toLowerCase() === "chunked" && minor === "1" ? "chunked" : undefined
  const [length = "0"] = lengths
  return by.whole.test(length) && Number.isSafeInteger(Number(length)) ? Number(length) : undefined
}

interface Read {
  readonly content: string
  readonly rest: string
}

const readLength = (text: string, length: number): Read | Stop =>
  text.length < length ? "part" : { content: text.slice(0, length), rest: text.slice(length) }

const readChunks = (by: Lengths, text: string): Read | Stop => {
  let content = ""
  let rest = text
  while (true) {
    const lineEnd = rest.indexOf("\r\n")
    // A line that has no end yet may still be refused for what it holds, or not: this reader waits.
    if (lineEnd === -1) return /[\r\n](?!$)|\n/.test(rest) ? "error" : "part"
    const [, digits] = by.chunk.exec(rest.slice(0, lineEnd)) ?? []
    if (digits === undefined) return "error"
    const size = Number.parseInt(digits, 16)
    rest = rest.slice(lineEnd + 2)
    if (size === 0) return readTrailers(content, rest)
    if (!"\r\n".startsWith(rest.slice(size, size + 2))) return "error"
    if (rest.length < size + 2) return "part"
    content += rest.slice(0, size)
    rest = rest.slice(size + 2)
  }
}

/** Like a head, the section is read once it is whole. */
const readTrailers = (content: string, text: string): Read | Stop => {
  if (text.startsWith("\r\n")) return { content, rest: text.slice(2) }
  const end = text.indexOf("\r\n\r\n")
  if (end === -1) return "part"
  const lines = text.slice(0, end).split("\r\n")
  return lines.every((line) => fieldLine.test(line)) ? { content, rest: text.slice(end + 4) } : "error"
}
