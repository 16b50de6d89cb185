/** Message text: a recorded message as one text to look into: its head, and its body where that is text. */
import { fieldLines, requestHead, responseHead } from "../raw.ts"
import type { HttpRecord, RecordedBody, FieldList } from "../record.ts"

export const requestText = ({ request }: HttpRecord): string => textOf(requestHead(request), request)

/** Undefined where there is no response. */
export const responseText = ({ response }: HttpRecord): string | undefined =>
  response === undefined ? undefined : textOf(responseHead(response), response)

interface Content {
  readonly body?: RecordedBody | undefined
  readonly trailers?: FieldList | undefined
}

const textOf = (head: ReadonlyArray<string>, { body, trailers }: Content): string =>
  [...head, "", body?.text ?? "", ...fieldLines(trailers ?? [])].join("\n")
