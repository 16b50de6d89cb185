/**
 * Heads: the lines of a head as a record has them. Judges nothing: what was carried verbatim may be anything, and a record
 * shows what came.
 */
import { toLatin1 } from "../../protocol/bytes.ts"
import type { FieldList, RecordedRequest, RecordedResponse } from "../record.ts"

interface Head<Line> {
  readonly line: Line
  readonly headers: FieldList
}

/** A request's line and fields; parts that its line lacks are empty. */
export const recordedRequestHead = (head: Uint8Array): Head<RecordedRequest["line"]> => {
  const [first = "", ...lines] = linesOf(head)
  const [, method = "", target = "", version = ""] = /^(\S*)(?: +(.*?))??(?: +HTTP\/(\S*))? *$/.exec(first) ?? []
  return { line: { method, target, version }, headers: fieldList(lines) }
}

/** A response's line and fields; its status is 0 where it has none. */
export const recordedResponseHead = (head: Uint8Array): Head<RecordedResponse["line"]> => {
  const [first = "", ...lines] = linesOf(head)
  const [, version = "", status = "0", reason = ""] = /^HTTP\/(\S*) +(\d{3})(?: (.*))?$/.exec(first) ?? []
  return { line: { version, status: Number(status), reason }, headers: fieldList(lines) }
}

/** The fields of a trailer section. */
export const recordedFields = (section: Uint8Array): FieldList => fieldList(linesOf(section))

/** The values of a field joined by commas (RFC 9110 section 5.3); empty where there is none. `name` is lower case. */
export const joined = (fields: FieldList, name: string): string =>
  fields.flatMap(([other, value]) => (other.toLowerCase() === name ? [value] : [])).join(", ")

/** Up to the empty line, or to the end where there is none; empty lines before the first one are forgiven. */
const linesOf = (bytes: Uint8Array): ReadonlyArray<string> => {
  const lines = toLatin1(bytes)
    .replace(/^[\r\n]+/, "")
    .split(/\r?\n/)
  const end = lines.indexOf("")
  return end === -1 ? lines : lines.slice(0, end)
}

/** A line that begins with a blank goes on with the one before, behind a space (RFC 9112 section 5.2). */
const fieldList = (lines: ReadonlyArray<string>): FieldList => {
  const fields: Array<[name: string, value: string]> = []
  for (const line of lines) {
    const last = fields.at(-1)
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[1] = `${last[1]} ${trimmed(line)}`.trimStart()
      continue
    }
    const colon = line.indexOf(":")
    fields.push(colon === -1 ? [line, ""] : [line.slice(0, colon), trimmed(line.slice(colon + 1))])
  }
  return fields
}

/** Without the blanks around it: a value may hold other white space of Unicode, as bytes. */
const trimmed = (text: string): string => text.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "")
