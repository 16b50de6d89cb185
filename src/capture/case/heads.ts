/** Heads: an HTTP message's start line and fields as lines of a block, and back (RFC 9112 sections 3, 4 and 5). */
import type { FieldList, InterimResponse, RecordedRequest, RecordedResponse } from "../record.ts"
import { errorAt, type Block, type CaseProblem } from "./blocks.ts"

const isToken = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^\s\x00-\x1f\x7f]+) HTTP\/(\d(?:\.\d)?)$/
const statusLine = /^HTTP\/(\d(?:\.\d)?) ([1-9]\d\d)(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?$/
/** A value as it stands between the white space around it. */
const isValue = /^(?:[^\s\x00-\x1f\x7f](?:[^\x00-\x08\x0a-\x1f\x7f]*[^\s\x00-\x1f\x7f])?)?$/

/** Lines, or what cannot be written as one. */
export type HeadLines = ReadonlyArray<string> | { readonly problem: string }

export const requestLines = ({ line, headers }: Pick<RecordedRequest, "line" | "headers">): HeadLines =>
  headLines(`${line.method} ${line.target} HTTP/${line.version}`, requestLine, headers, "request")

export const responseLines = ({ line, headers }: Pick<RecordedResponse, "line" | "headers">): HeadLines =>
  headLines(
    `HTTP/${line.version} ${line.status}${line.reason === "" ? "" : ` ${line.reason}`}`,
    statusLine,
    headers,
    "response",
  )

export const interimLines = ({ status, headers }: InterimResponse, version: string): HeadLines =>
  headLines(`HTTP/${version} ${status}`, statusLine, headers, "interim response")

export const trailerLines = (trailers: FieldList): HeadLines => fieldLines(trailers, "trailers")

const headLines = (start: string, shape: RegExp, headers: FieldList, what: string): HeadLines => {
  if (!shape.test(start)) return { problem: `the first line of the ${what} is not one of HTTP` }
  const lines = fieldLines(headers, `${what}'s headers`)
  return "problem" in lines ? lines : [start, ...lines]
}

const fieldLines = (fields: FieldList, what: string): HeadLines => {
  const wrong = fields.findIndex(([name, value]) => !isToken.test(name) || !isValue.test(value))
  if (wrong >= 0) return { problem: `number ${wrong + 1} of the ${what} does not fit in a line` }
  return fields.map(([name, value]) => (value === "" ? `${name}:` : `${name}: ${value}`))
}

export const readRequest = (block: Block): RecordedRequest | CaseProblem => {
  const [start = "", ...rest] = linesOf(block)
  const match = requestLine.exec(start)
  if (match === null) return errorAt(block.line + 1, "this is no request line: METHOD TARGET HTTP/1.1")
  const headers = readFields(rest, block.line + 2)
  return "severity" in headers
    ? headers
    : { line: { method: match[1]!, target: match[2]!, version: match[3]! }, headers: headers.fields }
}

export const readResponse = (block: Block): RecordedResponse | CaseProblem => {
  const [start = "", ...rest] = linesOf(block)
  const match = statusLine.exec(start)
  if (match === null) return errorAt(block.line + 1, "this is no status line: HTTP/1.1 200 OK")
  const headers = readFields(rest, block.line + 2)
  return "severity" in headers
    ? headers
    : { line: { version: match[1]!, status: Number(match[2]), reason: match[3] ?? "" }, headers: headers.fields }
}

export const readTrailers = (block: Block): { readonly fields: FieldList } | CaseProblem =>
  readFields(linesOf(block), block.line + 1)

const readFields = (lines: ReadonlyArray<string>, first: number): { readonly fields: FieldList } | CaseProblem => {
  const fields: Array<readonly [string, string]> = []
  for (const [i, line] of lines.entries()) {
    const at = line.indexOf(":")
    const name = line.slice(0, Math.max(at, 0))
    const value = line.slice(at + 1).replaceAll(/^[ \t]+|[ \t]+$/g, "")
    if (!isToken.test(name) || !isValue.test(value)) return errorAt(first + i, "this is no header: Name: value")
    fields.push([name, value])
  }
  return { fields }
}

const linesOf = ({ content }: Block): ReadonlyArray<string> => (content === "" ? [] : content.split("\n"))

/** Whether a block is a head or trailers, and not content. */
export const isHead = (block: Block): boolean => block.language === "http"
