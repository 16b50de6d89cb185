/**
 * Verbose: a record as `curl -v` shows an exchange, to be read while it goes by: `>` is what the client sent, `<` what came
 * back, `*` what is known besides. Nothing that was recorded reaches the terminal as a control character.
 */
import { bodyText, describe, frameText, type Paint, paintOf } from "../../capture/describe.ts"
import { shortId } from "../../capture/ids.ts"
import { fieldLines, requestHead, responseHead } from "../../capture/raw.ts"
import { type CaptureRecord, type FieldList, type HttpRecord, isHttp } from "../../capture/record.ts"
import { sizeText, timeText, visibleLine } from "../../capture/text.ts"

export interface VerboseOptions {
  /** Whether the terminal shows colours. */
  readonly color: boolean
}

/** Everything of a record, over lines, with an empty one at its end. */
export const verbose = (record: CaptureRecord, { color }: VerboseOptions): string => {
  const paint = paintOf(color)
  const lines = isHttp(record)
    ? [about(paint, ...peersOf(record)), ...messages(record, paint), about(paint, ...endOf(record))]
    : describe(record, { columns: 80, color: false })
        .trimEnd()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => about(paint, line))
  return [...lines, "", ""].join("\n")
}

const about = (paint: Paint, ...words: ReadonlyArray<string | undefined>): string =>
  paint("quiet", visibleLine(["*", ...words.filter((word) => word !== undefined && word !== "")].join(" ")))

const peersOf = ({ id, started, direction, client, target, address, cause }: HttpRecord) => [
  shortId(id),
  started.slice(11, 23),
  direction,
  client && `from ${client}`,
  target && `to ${target}`,
  address === undefined || address === target ? undefined : `at ${address}`,
  cause && `caused by ${shortId(cause.id)}`,
]

const messages = (record: HttpRecord, paint: Paint): ReadonlyArray<string> => {
  const { request, response } = record
  return [
    ...head(">", requestHead(request), paint),
    ...bodyText(request.body, paint).slice(1),
    ...trailers(">", request.trailers),
    ...(response?.interim ?? []).flatMap(({ status, headers }) =>
      head("<", [`${status}`, ...fieldLines(headers)], paint),
    ),
    ...(response === undefined ? [] : head("<", responseHead(response), paint)),
    ...bodyText(response?.body, paint).slice(1),
    ...trailers("<", response?.trailers),
    ...(record.kind === "socket" ? record.frames.flatMap((frame) => frameText(frame, paint)) : []),
  ]
}

const head = (mark: string, [start = "", ...fields]: ReadonlyArray<string>, paint: Paint): ReadonlyArray<string> => [
  `${mark} ${paint("strong", visibleLine(start))}`,
  ...fields.map((field) => `${mark} ${visibleLine(field)}`),
  mark,
]

const trailers = (mark: string, fields: FieldList | undefined): ReadonlyArray<string> =>
  fieldLines(fields ?? []).map((field) => `${mark} ${visibleLine(field)}`)

const endOf = (record: HttpRecord): ReadonlyArray<string | undefined> => {
  const { t_dial, t_first_byte, t_total, bytes_in, bytes_out, end, code, refusal, error, truncated, redacted } = record
  const times = [
    t_total === undefined ? undefined : timeText(t_total),
    t_dial === undefined ? undefined : `dial ${timeText(t_dial)}`,
    t_first_byte === undefined ? undefined : `wait ${timeText(t_first_byte)}`,
  ]
  const reasons = new Set([refusal ?? code, error].filter((reason) => reason !== undefined))
  const ending = end === undefined ? undefined : [`ended by ${end}`, ...reasons].join(", ")
  const facts = [
    ...times,
    `in ${sizeText(bytes_in)}`,
    `out ${sizeText(bytes_out)}`,
    ending,
    truncated === undefined ? undefined : `not whole: ${truncated.join(", ")}`,
    redacted === undefined ? undefined : `redacted: ${redacted.length}`,
  ]
  return [facts.filter((fact) => fact !== undefined).join("; ")]
}
