/**
 * Curl: a recorded request as one command for curl and any POSIX shell. Every byte of it is quoted; nothing recorded can
 * become a second command, an option or a file name. Where a value was redacted the command names a variable, and
 * stops with that name while it is not set, instead of sending a token.
 */
import { isTextual } from "./media-type.ts"
import type { FieldList, HttpRecord, RecordedBody } from "./record.ts"
import { sizeText, visibleLine } from "./text.ts"
import { authorityOf, urlOf, valueOf, valuesOf } from "./url.ts"

/** Bytes of a body that go into an argument; Linux allows one 128 KiB. Longer ones go through a pipe. */
export const maxCurlArgument = 64 * 1024

/** Characters that a token must have to be searched for: a shorter one, such as a number, would be found by chance. */
export const minTokenLength = 6

/** A command over lines, with a line feed: comments first, where there is something to say. */
export const curlOf = (record: HttpRecord): string => {
  const { line, headers, body } = record.request
  const quote = makeQuote(record)
  const url = urlOf(record)
  const data = dataOf(body, quote)
  const options = [
    ...methodOptions(line.method, data.option !== ""),
    ...(line.version === "1.0" ? ["--http1.0"] : []),
    ...(/[[\]{}]/.test(url) ? ["--globoff"] : []),
    ...(/\/\.{1,2}(?:[/?#]|$)/.test(url) ? ["--path-as-is"] : []),
    ...(line.target === "*" ? ["--request-target '*'"] : []),
    ...(valueOf(headers, "accept-encoding") === undefined ? [] : ["--compressed"]),
  ]
  const shown = line.target === "*" ? url.slice(0, -1) : url
  const fields = sentFields(headers, authorityOf(record) === urlAuthority(url), body)
  const lines = [
    ["curl", ...options, quote.latin1(shown)].join(" "),
    ...fields.map(([name, value]) => `-H ${quote.latin1(value === "" ? `${name};` : `${name}: ${value}`)}`),
    ...unsent(headers, body).map((name) => `-H '${name}:'`),
    ...(data.option === "" ? [] : [data.option]),
  ]
  // A variable that is missing ends its own part of a pipe only, so it is looked for before.
  const guard = data.pipe === "" ? "" : quote.guard()
  const command = guard + data.pipe + lines.join(" \\\n  ")
  const isCoded = data.pipe.endsWith("base64 -d | ") && record.redacted?.some(({ path }) => isInBody(path)) === true
  const tokens = isCoded ? ["redacted values in the body are sent as their tokens"] : []
  const notes = [...quote.notes(), ...shortTokenNotes(record), ...bodyNotes(body), ...tokens, ...fieldNotes(headers)]
  return [...notes.map((note) => `# ${visibleLine(note)}`), command, ""].join("\n")
}

const isInBody = (path: string): boolean => /^request\.(?!headers|cookies|query|line|path|target|trailers)/.test(path)

const urlAuthority = (url: string): string => /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1] ?? ""

const methodOptions = (method: string, hasData: boolean): ReadonlyArray<string> => {
  if (method === "HEAD" && !hasData) return ["--head"]
  return method === (hasData ? "POST" : "GET") ? [] : [`-X ${plainLatin1(method)}`]
}

const isField = ([name, value]: FieldList[number]): boolean =>
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !/[\x00-\x08\x0a-\x1f\x7f]/.test(value)

/** The fields that the command has: not those that curl makes again, nor a coding that the content has no longer. */
const sentFields = (headers: FieldList, isHostOfUrl: boolean, body: RecordedBody | undefined): FieldList => {
  const made = new Set(["content-length", "transfer-encoding", "proxy-connection"])
  const [host, ...otherHosts] = valuesOf(headers, "host")
  if (isHostOfUrl && host !== undefined && otherHosts.length === 0) made.add("host")
  if (body?.coding !== undefined) made.add("content-encoding")
  return headers.filter((field) => isField(field) && !made.has(field[0].toLowerCase()))
}

/** The fields that curl would send by itself and the request had not. */
const unsent = (headers: FieldList, body: RecordedBody | undefined): ReadonlyArray<string> => {
  const ofBody = body === undefined ? [] : ["Content-Type", "Expect"]
  return ["User-Agent", "Accept", ...ofBody].filter((name) => valueOf(headers, name.toLowerCase()) === undefined)
}

interface Data {
  /** What comes before curl, with its pipe sign. */
  readonly pipe: string
  readonly option: string
}

const dataOf = (body: RecordedBody | undefined, quote: Quote): Data => {
  if (body?.base64 !== undefined && body.base64 !== "") return piped(`printf %s ${single(body.base64)} | base64 -d`)
  if (body?.text === undefined || body.text === "") return { pipe: "", option: "" }
  const bytes = new TextEncoder().encode(body.text)
  // A shell drops NUL, and a terminal into which they are pasted heeds the others.
  if (isUnsafe(body.text)) return piped(`printf %s ${single(bytes.toBase64())} | base64 -d`)
  const text = quote.utf8(body.text)
  return bytes.length > maxCurlArgument ? piped(`printf %s ${text}`) : { pipe: "", option: `--data-raw ${text}` }
}

const isUnsafe = (text: string): boolean => /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/.test(text)

const piped = (command: string): Data => ({ pipe: `${command} | `, option: "--data-binary @-" })

const bodyNotes = (body: RecordedBody | undefined): ReadonlyArray<string> => {
  if (body === undefined) return []
  if (body.omitted !== undefined) return [`the body of ${sizeText(body.size)} is not in the record: ${body.omitted}`]
  return [
    ...(body.truncated === true ? [`the body was cut; it had ${sizeText(body.size)}`] : []),
    ...(body.coding === undefined ? [] : [`the body was sent as ${body.coding.join(", ")}, and is sent plain here`]),
    ...(body.text !== undefined &&
    /charset/i.test(body.type) &&
    !/charset="?utf-8/i.test(body.type) &&
    isTextual(body.type)
      ? ["the body is sent as UTF-8, whatever charset its type names"]
      : []),
  ]
}

const shortTokenNotes = ({ redacted = [] }: HttpRecord): ReadonlyArray<string> =>
  redacted
    .filter(({ path, token }) => path.startsWith("request.") && token.length < minTokenLength)
    .map(({ path, token }) => `${token} stands for the value that was redacted, and is sent: ${path}`)

const fieldNotes = (headers: FieldList): ReadonlyArray<string> =>
  headers.every(isField) ? [] : ["a header that is none is left out"]

/** `text` between single quotes, in which a shell changes nothing. */
const single = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Quotes text, with variables where tokens stand. */
interface Quote {
  /** Text of a head: each character is the byte that was sent. */
  readonly latin1: (text: string) => string
  readonly utf8: (text: string) => string
  /** A command that fails while a variable is not set; empty where there is none. */
  readonly guard: () => string
  /** What is to be said of the tokens that were found. */
  readonly notes: () => ReadonlyArray<string>
}

interface Variable {
  readonly token: string
  readonly name: string
  readonly path: string
}

const makeQuote = (record: HttpRecord): Quote => {
  const variables = variablesOf(record)
  const used = new Set<Variable>()
  const quoteBy = (text: string, plain: (text: string) => string): string =>
    splitAt(text, variables)
      .map((part) => {
        if (typeof part === "string") return plain(part)
        used.add(part)
        return variable(part)
      })
      .join("") || "''"
  return {
    latin1: (text) => quoteBy(text, plainLatin1),
    utf8: (text) => quoteBy(text, single),
    guard: () => (used.size === 0 ? "" : `: ${[...used].map(variable).join(" ")} && `),
    notes: () => [...used].map(({ name, path }) => `${name} is the value that was redacted: ${path}`),
  }
}

/** A shell ends with this name and these words where the variable is not set (POSIX 2.6.2). */
const variable = ({ name }: Variable): string => `"\${${name}:?was redacted}"`

const variablesOf = ({ redacted = [] }: HttpRecord): ReadonlyArray<Variable> => {
  const tokens = new Map<string, string>()
  for (const { path, token } of redacted) {
    if (path.startsWith("request.") && token.length >= minTokenLength && !tokens.has(token)) tokens.set(token, path)
  }
  const named = [...tokens].map(([token, path], i) => ({
    token,
    path,
    name: /^tok_[0-9a-f]+$/.test(token) ? token.toUpperCase() : `REDACTED_${i + 1}`,
  }))
  // A longer token may hold a shorter one.
  return named.toSorted((a, b) => b.token.length - a.token.length)
}

const splitAt = (text: string, variables: ReadonlyArray<Variable>): ReadonlyArray<string | Variable> => {
  const [first, ...rest] = variables
  if (first === undefined) return text === "" ? [] : [text]
  const parts: Array<string | Variable> = []
  for (const [i, part] of text.split(first.token).entries()) {
    if (i > 0) parts.push(first)
    parts.push(...splitAt(part, rest))
  }
  return parts
}

/** What is no printable ASCII may be no text of a terminal, or steer it: printf makes the byte. */
const plainLatin1 = (text: string): string =>
  text
    .split(/([^\x20-\x7e]+)/)
    .filter((part) => part !== "")
    .map((part) => (/^[\x20-\x7e]/.test(part) ? single(part) : `"$(printf '${octal(part)}')"`))
    .join("")

const octal = (text: string): string =>
  Array.from(text, (character) => `\\${(character.charCodeAt(0) & 0xff).toString(8).padStart(3, "0")}`).join("")
