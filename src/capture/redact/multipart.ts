/**
 * Multipart: forms in parts (RFC 7578). A part is named by its Content-Disposition and looked at by its own Content-Type.
 */
import { scanValue } from "./json.ts"
import { CannotJudge, hides, type Scan, type Where } from "./scan.ts"
import { scanText } from "./text.ts"
import { pieceOf, type View } from "./views.ts"

/** Looks at a part of this type. */
export type ScanPart = (view: View, type: string) => void

/** Reads a parameter of a field's value, in quotes or not. */
const parameterOf = (value: string, name: string): string | undefined => {
  for (const part of value.split(";").slice(1)) {
    const [, key = "", text = ""] = /^\s*([^=\s]+)=(.*)$/s.exec(part) ?? []
    if (key.toLowerCase() === name) return text.trim().replace(/^"([^"]*)"?$/, "$1")
  }
  return undefined
}

/** RFC 2046 section 5.1.1. */
const maxBoundary = 70

/** The boundary of the type; where nothing says it, what the body begins with. */
const boundaryOf = (type: string, text: string): string | undefined => {
  const boundary = parameterOf(type, "boundary") ?? /^--([^\r\n]{1,70})\r?\n/.exec(text)?.[1]
  return boundary === undefined || boundary === "" || boundary.length > maxBoundary ? undefined : boundary
}

/** Throws CannotJudge where no part begins, unless the text was cut before one could. */
export const scanMultipart = (scan: Scan, view: View, type: string, where: Where, scanPart: ScanPart): void => {
  const { text } = view
  const boundary = boundaryOf(type, text)
  if (boundary === undefined) throw new CannotJudge("there is no boundary")
  const delimiter = `--${boundary}`
  let at = text.startsWith(delimiter) ? 0 : text.indexOf(`\n${delimiter}`) + 1
  if (!text.startsWith(delimiter, at)) {
    if (view.cut && delimiter.startsWith(text)) return
    throw new CannotJudge("there is no part")
  }
  scanText(scan, pieceOf(view, 0, at), where)
  for (;;) {
    const start = at + delimiter.length
    const next = text.indexOf(`\n${delimiter}`, start)
    const end = next < 0 ? text.length : next
    onePart(scan, pieceOf(view, start, end), where, scanPart)
    if (next < 0) return
    at = next + 1
  }
}

/** From behind a delimiter to before the next one. */
const onePart = (scan: Scan, part: View, where: Where, scanPart: ScanPart): void => {
  // Behind the last delimiter stands what nobody reads.
  if (part.text.startsWith("--")) return scanText(scan, part, where)
  const blank = /\r?\n\r?\n/.exec(part.text)
  const headEnd = blank === null ? part.text.length : blank.index
  const head = pieceOf(part, 0, headEnd)
  scanText(scan, head, where)
  if (blank === null) return
  const bodyEnd = part.text.endsWith("\r") ? part.text.length - 1 : part.text.length
  const body = pieceOf(part, headEnd + blank[0].length, bodyEnd)
  const disposition = fieldOf(head.text, "content-disposition") ?? ""
  const type = fieldOf(head.text, "content-type")
  const named: Where = { ...where, part: "multipart", path: [parameterOf(disposition, "name") ?? ""] }
  const verdict = scan.judge(named)
  if (hides(verdict)) return scan.hide(body, 0, body.text.length, verdict, named)
  if (verdict === "keep") return
  if (type === undefined) scanValue(scan, body, { ...named, verdict })
  else scanPart(body, type)
}

const fieldOf = (head: string, name: string): string | undefined =>
  head
    .split(/\r?\n(?![ \t])/)
    .find((line) => line.slice(0, line.indexOf(":")).trim().toLowerCase() === name)
    ?.replace(/^[^:]*:/, "")
    .trim()
