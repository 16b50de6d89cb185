/**
 * Llhttp: reads the fixtures of the llhttp project, Markdown files of which each case has a fenced block of bytes and a
 * fenced block with the log of what their parser saw.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

export interface Fixture {
  /** `request/uri: Quotes in URI`. */
  readonly name: string
  /** `request`, `response`, or one of them with a suffix that names what is switched on for it. */
  readonly type: string
  /** Their parser is told to throw the body away: what it then sees is no reading of the message. */
  readonly skipBody: boolean
  readonly input: Buffer
  readonly messages: ReadonlyArray<Expected>
  /** Why their parser refuses the bytes; undefined when it does not. */
  readonly error: string | undefined
  /** Their parser stops at bytes that are not HTTP/1 any more: a tunnel, an upgrade. */
  readonly stops: boolean
}

/** A message as their parser saw it. */
export interface Expected {
  readonly begin: number
  /** Where its head ends; undefined if that is not there. */
  headEnd: number | undefined
  protocol: string
  version: string
  method: string
  url: string
  status: string
  readonly fields: Array<[name: string, value: string]>
  body: string
  whole: boolean
}

/** All cases below a folder, in the order of their files. */
export const readFixtures = (folder: string): ReadonlyArray<Fixture> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .toSorted()
    .flatMap((file) => readCases(file.slice(0, -3), readFileSync(join(folder, file), "utf8")))

const readCases = (file: string, text: string): ReadonlyArray<Fixture> => {
  const pattern = /^#+ ([^\n]+)$|<!-- meta=(\{.*?\}) -->|^```http\n(.*?)\n?```$|^```log\n(.*?)\n```$/gms
  const names = new Map<string, number>()
  const cases: Array<Fixture> = []
  let title = ""
  let meta: { readonly type?: string; readonly skipBody?: boolean } = {}
  let input = Buffer.alloc(0)
  for (const [, heading, json, http, log] of text.matchAll(pattern)) {
    if (heading !== undefined) title = heading.replaceAll("`", "")
    else if (json !== undefined) meta = JSON.parse(json)
    else if (http !== undefined) input = decode(http)
    else if (log !== undefined) {
      const count = (names.get(title) ?? 0) + 1
      names.set(title, count)
      const name = `${file}: ${title}${count > 1 ? ` (${count})` : ""}`
      cases.push({ name, type: meta.type ?? "", skipBody: meta.skipBody ?? false, input, ...readLog(log, input) })
    }
  }
  return cases
}

/** A backslash at the end of a line joins it with the next one; every other line ends with CRLF. */
const decode = (text: string): Buffer<ArrayBuffer> =>
  Buffer.from(
    text
      .replace(/\\\n/g, "")
      .replaceAll("\n", "\r\n")
      .replaceAll("\\r", "\r")
      .replaceAll("\\n", "\n")
      .replaceAll("\\t", "\t")
      .replaceAll("\\f", "\f")
      .replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
  )

/** `error code=` of a stop that is no refusal: paused for an upgrade, a CONNECT, the preface of HTTP/2. */
const stopCodes = new Set(["21", "22", "23"])

const readLog = (log: string, input: Buffer): Pick<Fixture, "messages" | "error" | "stops"> => {
  const messages: Array<Expected> = []
  let error: string | undefined
  let stops = false
  for (const line of log.split("\n")) {
    const [, off = "", rest = ""] = /^off=(\d+) (.*)$/.exec(line) ?? []
    const offset = Number(off)
    const [, length = "", span = ""] = /^len=(\d+) span\[(\w+)\]/.exec(rest) ?? []
    const [, code, reason] = /^error code=(\d+) reason="(.*)"$/.exec(rest) ?? []
    const message = messages.at(-1)
    if (rest === "message begin") messages.push(emptyMessage(offset))
    else if (code !== undefined && stopCodes.has(code)) stops = true
    else if (code !== undefined) error = reason
    else if (message === undefined) continue
    else if (rest.startsWith("headers complete")) message.headEnd = offset
    else if (rest === "message complete") message.whole = true
    else if (span !== "") addSpan(message, span, input.toString("latin1", offset, offset + Number(length)))
  }
  return { messages, error, stops }
}

const emptyMessage = (begin: number): Expected => ({
  begin,
  headEnd: undefined,
  protocol: "",
  version: "",
  method: "",
  url: "",
  status: "",
  fields: [],
  body: "",
  whole: false,
})

/** Spans of one thing may come in pieces. Fields behind the head are trailers, which are not compared. */
const addSpan = (message: Expected, span: string, text: string): void => {
  switch (span) {
    case "protocol":
    case "version":
    case "method":
    case "url":
    case "status":
    case "body":
      message[span] += text
      return
    case "header_field":
      if (message.headEnd === undefined) message.fields.push([text, ""])
      return
    case "header_value": {
      const field = message.fields.at(-1)
      if (message.headEnd === undefined && field !== undefined) field[1] += text
      return
    }
  }
}
