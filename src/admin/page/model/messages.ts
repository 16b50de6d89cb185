/**
 * Messages: what passed message by message: frames of a WebSocket, events of an event stream, lines of NDJSON; of any other
 * body that came slowly, when its pieces came.
 */
import { eventBlocks, isEventStream, isJsonLines, readEvent } from "../../../capture/event-stream.ts"
import type { CaptureRecord, RecordedBody, RecordedFrame } from "../../../capture/record.ts"
import { sizeText, timeText, visibleLine } from "../../../capture/text.ts"

import { type Content, contentFor } from "./content.ts"

export interface Message {
  readonly from: RecordedFrame["from"]
  /** What it is, when it came, how large it is: in words. */
  readonly words: string
  readonly content: Content
}

/** Messages that are shown of one record. */
export const maxMessages = 1000

/** The messages of a record in their order; none where it was not a conversation. */
export const messagesOf = (record: CaptureRecord): ReadonlyArray<Message> => {
  if (record.kind === "socket") return record.frames.slice(0, maxMessages).map(frameMessage)
  const body = record.kind === "exchange" ? record.response?.body : undefined
  if (body?.text !== undefined && isEventStream(body.type)) return eventMessages(body.text, body.events)
  if (body?.text !== undefined && isJsonLines(body.type)) return lineMessages(body.text, body.events)
  return (body?.chunks ?? []).slice(0, maxMessages).map(chunkMessage)
}

const frameMessage = (frame: RecordedFrame): Message => {
  const { from, op, t, size, wire, fragments, omitted, text, base64 } = frame
  const words = [
    op,
    timeText(t),
    sizeText(size),
    wire === undefined ? "" : `compressed to ${sizeText(wire)}`,
    fragments === undefined ? "" : `in ${fragments.length} frames`,
    omitted === undefined ? "" : `left out: ${omitted}`,
  ]
  return { from, words: joined(words), content: contentFor({ text, base64, type: "" }) }
}

const eventMessages = (text: string, times: RecordedBody["events"] = []): ReadonlyArray<Message> =>
  eventBlocks(text)
    .slice(0, maxMessages)
    .map(({ lines }, i) => {
      const { event, id, data, comments } = readEvent(lines)
      const words = [data === undefined ? "comment" : event, id === undefined ? "" : `id ${id}`, timeOf(times[i])]
      return message(visibleLine(joined(words)), data ?? comments.join("\n"))
    })

const lineMessages = (text: string, times: RecordedBody["events"] = []): ReadonlyArray<Message> =>
  text
    .split("\n")
    .slice(0, maxMessages)
    .flatMap((line, i) => (line.trim() === "" ? [] : [message(joined(["line", timeOf(times[i])]), line)]))

const chunkMessage = ([t, length]: readonly [t: number, length: number]): Message =>
  message(joined(["piece", timeText(t), sizeText(length)]), "")

const message = (words: string, text: string): Message => ({
  from: "target",
  words,
  content: contentFor({ text, base64: undefined, type: "" }),
})

const timeOf = (t: number | undefined): string => (t === undefined ? "" : timeText(t))
const joined = (words: ReadonlyArray<string>): string => words.filter((word) => word !== "").join(" · ")
