/**
 * Content: a body or a frame's payload as a block of a case file, and back. What is written is what is read: where a text
 * would not survive an editor or git (carriage returns, control characters), the block says how it is written instead.
 */
import { compactJson, jsonFault, layOutJson } from "../json-layout.ts"
import { essenceOf, isForm, isJson } from "../media-type.ts"
import { omittedReasons, type RecordedBody } from "../record.ts"
import { errorAt, formatBlock, type Block, type CaseProblem } from "./blocks.ts"

/** Bytes of content in base64 that stand in the file itself; more are a file beside it. */
export const maxInlineBase64 = 8 * 1024

const base64Line = 76

/** One of the three, as in a record's body. */
export type Content = Pick<RecordedBody, "text" | "base64" | "omitted">

/** A file beside a case. */
export interface BesideFile {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface WrittenContent {
  readonly block: string
  readonly file?: BesideFile
}

/** Writes content as a block. `more` follows in its info string; `stem` begins the name of a file beside the case. */
export const writeContent = (content: Content, type: string, more: string, stem: string): WrittenContent => {
  const write = (info: string, lines: ReadonlyArray<string>) =>
    formatBlock(more === "" ? info : `${info} ${more}`, lines)
  const { text, base64, omitted } = content
  if (omitted !== undefined) return { block: write(`omitted ${omitted}`, []) }
  if (text !== undefined) return { block: writeText(text, type, write) }
  const bytes = Uint8Array.fromBase64(base64 ?? "")
  if (bytes.length <= maxInlineBase64) return { block: write("base64", wrap(base64 ?? "")) }
  const name = `${stem}.${extensions.get(essenceOf(type)) ?? "bin"}`
  return { block: write(`file ${name}`, []), file: { name, bytes } }
}

const extensions: ReadonlyMap<string, string> = new Map([
  ["application/gzip", "gz"],
  ["application/pdf", "pdf"],
  ["application/zip", "zip"],
  ["font/woff2", "woff2"],
  ["image/gif", "gif"],
  ["image/jpeg", "jpg"],
  ["image/png", "png"],
  ["image/webp", "webp"],
  ["video/mp4", "mp4"],
])

const writeText = (
  text: string,
  type: string,
  write: (info: string, lines: ReadonlyArray<string>) => string,
): string => {
  const wellFormed = text.toWellFormed()
  // All but tab, line feed and carriage return; a byte order mark at the beginning would be the file's.
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|^\ufeff/.test(text) || hasMixedLines(text)) {
    return write("base64 text", wrap(new TextEncoder().encode(wellFormed).toBase64()))
  }
  const language = languageOf(text, type)
  if (text.includes("\r"))
    return write(`${language === "json" ? "json exact" : language} crlf`, wellFormed.split("\r\n"))
  if (language !== "json") return write(language, wellFormed.split("\n"))
  const laidOut = layOutJson(wellFormed)
  return laidOut !== undefined && compactJson(laidOut) === text
    ? write("json", laidOut.split("\n"))
    : write("json exact", wellFormed.split("\n"))
}

/** Whether a text has carriage returns, and line ends of more than one kind. */
const hasMixedLines = (text: string): boolean => {
  if (!text.includes("\r")) return false
  const [pairs, returns, feeds] = ["\r\n", "\r", "\n"].map((end) => text.split(end).length)
  return pairs !== returns || pairs !== feeds
}

const languageOf = (text: string, type: string): string => {
  const essence = essenceOf(type)
  if (isJson(type) || (type === "" && /^\s*[{[]/.test(text) && compactJson(text) !== undefined)) return "json"
  if (isForm(type)) return "form"
  return /^text\/(?:html|css|csv|markdown)$/.test(essence) ? essence.slice(5) : essence.endsWith("xml") ? "xml" : "text"
}

const wrap = (base64: string): ReadonlyArray<string> => base64.match(new RegExp(`.{1,${base64Line}}`, "g")) ?? []

/** Reads a file beside a case, by a name without folders; undefined where there is none. */
export type ReadBeside = (name: string) => Uint8Array | undefined

/** Reads the content of a block; a problem is that of a line. */
export const readContent = (block: Block, readBeside: ReadBeside): Content | CaseProblem => {
  const { language, content, line } = block
  const [word] = block.words
  switch (language) {
    case "omitted":
      return readReason(word, line)
    case "file":
      return readFile(word, line, readBeside)
    case "base64":
      return readBase64(block)
    case "json":
      return block.words.includes("exact") ? { text: readText(block) } : readJson(content, line)
    case "":
    case "http":
      return errorAt(line, "this block does not say what it is: put a word behind the backquotes, such as text or json")
    default:
      return { text: readText(block) }
  }
}

const readReason = (word: string | undefined, line: number): Content | CaseProblem => {
  const omitted = omittedReasons.find((reason) => reason === word)
  if (omitted !== undefined) return { omitted }
  return errorAt(line, `a block of what was omitted says why: one of ${omittedReasons.join(", ")}`)
}

const readText = ({ content, words }: Block): string =>
  words.includes("crlf") ? content.replaceAll("\n", "\r\n") : content

const readJson = (content: string, line: number): Content | CaseProblem => {
  const text = compactJson(content)
  if (text !== undefined) return { text }
  const fault = jsonFault(content)
  const at = line + 1 + (content.slice(0, fault).match(/\n/g)?.length ?? 0)
  return errorAt(
    at,
    fault >= content.length
      ? "the JSON ends too early"
      : "this is not JSON here; `json exact` keeps a text that is none",
  )
}

const readBase64 = ({ content, words, line }: Block): Content | CaseProblem => {
  const lines = content.split("\n")
  const wrong = lines.findIndex((each) => !/^[A-Za-z0-9+/]*={0,2}\s*$/.test(each))
  if (wrong >= 0) return errorAt(line + 1 + wrong, "this line is not base64")
  try {
    const bytes = Uint8Array.fromBase64(lines.join(""))
    if (!words.includes("text")) return { base64: bytes.toBase64() }
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return errorAt(
      line,
      words.includes("text") ? "this is not text in UTF-8 as base64" : "this is not base64 to its end",
    )
  }
}

const readFile = (name: string | undefined, line: number, readBeside: ReadBeside): Content | CaseProblem => {
  if (name === undefined || !/^[A-Za-z0-9_{}-][A-Za-z0-9._{}-]*$/.test(name)) {
    return errorAt(line, "a block of a file names one beside this, by letters, digits and ._{}- only")
  }
  const bytes = readBeside(name)
  return bytes === undefined ? errorAt(line, `there is no file ${name} beside this`) : { base64: bytes.toBase64() }
}
