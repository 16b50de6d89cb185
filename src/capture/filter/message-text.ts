/** Message text: a recorded message as one text to look into: its head, and its body where that is text. */
import type { Sender } from "../../protocol/recording.ts"
import { fieldLines, requestHead, responseHead } from "../raw.ts"
import type { HttpRecord, RecordedBody, FieldList } from "../record.ts"

/** With the messages of the client behind it, where it opened a WebSocket. */
export const requestText = (record: HttpRecord): string =>
  textOf(requestHead(record.request), record.request) + framesText(record, "client")

/** Undefined where there is no response; likewise with the target's messages. */
export const responseText = (record: HttpRecord): string | undefined => {
  const { response } = record
  return response === undefined ? undefined : textOf(responseHead(response), response) + framesText(record, "target")
}

const framesText = (record: HttpRecord, sender: Sender): string =>
  record.kind === "exchange"
    ? ""
    : record.frames.flatMap(({ from, text }) => (from === sender && text !== undefined ? [`\n${text}`] : [])).join("")

interface Content {
  readonly body?: RecordedBody | undefined
  readonly trailers?: FieldList | undefined
}

const textOf = (head: ReadonlyArray<string>, { body, trailers }: Content): string =>
  [...head, "", body?.text ?? "", ...fieldLines(trailers ?? [])].join("\n")
