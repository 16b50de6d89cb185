/**
 * Event stream: the blocks of server-sent events (WHATWG HTML section 9.2), and the lines of NDJSON: what a body of pieces
 * is read by.
 */
import { essenceOf } from "./media-type.ts"

/** A block of lines that an empty line ends; comments stand in blocks, too. */
export interface EventBlock {
  readonly lines: ReadonlyArray<string>
  /** Behind the empty line; undefined where the text ends before it. */
  readonly end: number | undefined
}

const lineEnd = /\r\n|\n|\r/g

/** The blocks of an event stream, in their order. Offsets are those of `text`, which may be bytes as latin1. */
export const eventBlocks = (text: string): ReadonlyArray<EventBlock> => {
  const blocks: Array<EventBlock> = []
  let lines: Array<string> = []
  for (let start = 0; start < text.length;) {
    lineEnd.lastIndex = start
    const found = lineEnd.exec(text)
    const end = found?.index ?? text.length
    const next = end + (found?.[0].length ?? 0)
    if (end > start) lines.push(text.slice(start, end))
    else if (lines.length > 0) {
      blocks.push({ lines, end: next })
      lines = []
    }
    start = next
  }
  return lines.length > 0 ? [...blocks, { lines, end: undefined }] : blocks
}

/** What a block says. */
export interface ServerEvent {
  /** `message` where it has no name. */
  readonly event: string
  readonly id: string | undefined
  /** Lines of its data with line feeds between them; undefined where it has none, and so is no event. */
  readonly data: string | undefined
  readonly comments: ReadonlyArray<string>
}

/** Reads the lines of a block. A byte order mark before the first one is none of its name. */
export const readEvent = (lines: ReadonlyArray<string>): ServerEvent => {
  const data: Array<string> = []
  const comments: Array<string> = []
  let event = "message"
  let id: string | undefined
  for (const line of lines) {
    const [, name = "", value = ""] = /^\ufeff?([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (name === "") comments.push(value)
    else if (name === "data") data.push(value)
    else if (name === "event") event = value === "" ? "message" : value
    else if (name === "id") id = value
  }
  return { event, id, data: data.length === 0 ? undefined : data.join("\n"), comments }
}

export const isEventStream = (type: string): boolean => essenceOf(type) === "text/event-stream"

/** JSON, a value a line. */
export const isJsonLines = (type: string): boolean =>
  /^application\/(?:x-)?(?:nd-?json|jsonl|jsonlines)$/.test(essenceOf(type))

/** Behind which bytes of a body of this type a piece of it is whole: an event, or a line. `text` is the bytes as latin1. */
export const pieceEnds = (text: string, type: string): ReadonlyArray<number> => {
  if (isEventStream(type)) return eventBlocks(text).flatMap(({ end }) => end ?? [])
  const ends: Array<number> = []
  if (isJsonLines(type)) for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) ends.push(at + 1)
  return ends
}
