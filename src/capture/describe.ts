/**
 * Describe: a record as `show` prints it: what it was, where the time went, heads and laid out bodies, and what was
 * redacted. Nothing that was recorded reaches the terminal as a control character.
 */
import { contentOf } from "./body.ts"
import { eventBlocks, isEventStream, readEvent } from "./event-stream.ts"
import { shortId } from "./ids.ts"
import { layOutJson } from "./json-layout.ts"
import { listRow } from "./listing.ts"
import { isForm, isJson } from "./media-type.ts"
import { fieldLines, requestHead, responseHead } from "./raw.ts"
import {
  isHttp,
  type CaptureRecord,
  type FieldList,
  type HttpRecord,
  type RecordedBody,
  type RecordedFrame,
  type SocketRecord,
  type StreamRecord,
  type TunnelRecord,
} from "./record.ts"
import { hexLines, sizeText, timeText, visible, visibleLine } from "./text.ts"
import { pairsOf, urlOf } from "./url.ts"

export interface DescribeOptions {
  readonly columns: number
  /** Whether the terminal shows colours. */
  readonly color: boolean
  /** Records that this one caused. */
  readonly effects?: ReadonlyArray<CaptureRecord> | undefined
}

/** Bytes of binary content that are shown. */
export const maxHexBytes = 256

/** Everything of a record, over lines, with a line feed at the end. */
export const describe = (record: CaptureRecord, { columns, color, effects = [] }: DescribeOptions): string => {
  const paint = paintOf(color)
  return [
    ...overview(record, paint),
    ...effects.map((effect) => `effect   ${shortId(effect.id)} ${titleOf(effect)}`),
    ...timeLines(record, columns, paint),
    ...(isHttp(record) ? messages(record, paint) : []),
    ...(record.kind === "stream" ? firstBytes(record, paint) : []),
    ...redactions(record, paint),
    "",
  ].join("\n")
}

type Style = "strong" | "quiet" | "bad"
/** Gives a text that is shown its style, if the terminal shows any. */
export type Paint = (style: Style, text: string) => string

const plain: Paint = (_, text) => text
const codes = { strong: 1, quiet: 2, bad: 31 } satisfies Record<Style, number>
const painted: Paint = (style, text) => `\x1b[${codes[style]}m${text}\x1b[0m`

export const paintOf = (color: boolean): Paint => (color ? painted : plain)

const titleOf = (record: CaptureRecord): string => {
  const { method, what } = listRow(record)
  return visibleLine(isHttp(record) ? `${record.request.line.method} ${urlOf(record)}` : `${method} ${what}`)
}

/** Lines of a name and words; those without words are left out. */
const overview = (record: CaptureRecord, paint: Paint): ReadonlyArray<string> => {
  const { status = "no answer", failed } = listRow(record)
  const { tls, cause, client, target, address, workload } = record
  const facts: ReadonlyArray<readonly [name: string, words: ReadonlyArray<string | undefined>]> = [
    ["id", [record.id]],
    ["started", [record.started, record.direction, `connection ${record.flow}, number ${record.n}`]],
    ["peers", [client && `client ${client}`, target && `target ${target}`, address !== target ? address : undefined]],
    [
      "tls",
      tls === undefined ? [record.sni] : [tls.version, tls.cipher, tls.alpn, tls.opened ? "opened" : "not opened"],
    ],
    ["cause", cause === undefined ? [] : [shortId(cause.id), `by ${cause.by}`]],
    ["ended", [record.end && `by ${record.end}`, record.phase, record.code, record.refusal, record.error]],
    ["bytes", [`in ${sizeText(record.bytes_in)}`, `out ${sizeText(record.bytes_out)}`]],
    ["not whole", record.truncated ?? []],
    ["workload", workload === undefined ? [] : [workload.namespace, workload.pod, workload.container, workload.node]],
    ["stream", record.kind === "stream" ? [record.guess, lostText(record)] : []],
    ["tunnel", record.kind === "tunnel" ? tunnelWords(record) : []],
    ["closed", record.kind === "socket" ? [closeText(record), lostText(record)] : []],
  ]
  const lines = facts.flatMap(([name, words]) => {
    const given = words.filter((word) => word !== undefined && word !== "")
    return given.length === 0 ? [] : [`${paint("quiet", name.padEnd(8))} ${visibleLine(given.join(", "))}`]
  })
  const outcome = paint(failed ? "bad" : "strong", visibleLine(status))
  return [`${paint("strong", shortId(record.id))}  ${titleOf(record)}  ${outcome}`, ...lines]
}

const lostText = ({ lost }: { readonly lost?: string | undefined }): string | undefined => lost && `lost: ${lost}`

const closeText = ({ close }: SocketRecord): string | undefined => close && `${close.code} ${close.reason}`.trimEnd()

const tunnelWords = ({ unopened, versions, offered, names }: TunnelRecord): ReadonlyArray<string | undefined> => [
  unopened,
  versions && `versions ${versions.join(" ")}`,
  offered && `offers ${offered.join(" ")}`,
  names?.join(" "),
]

const marks = { dial: "░", wait: "▒", receive: "█" }

/** The phases of `t_total` in numbers and as one bar. */
const timeLines = (record: CaptureRecord, columns: number, paint: Paint): ReadonlyArray<string> => {
  const { t_dial: dial = 0, t_first_byte: wait = 0, t_total } = record
  if (t_total === undefined) return []
  const phases = { dial, wait, receive: Math.max(0, t_total - dial - wait) }
  const sum = phases.dial + phases.wait + phases.receive
  const names = ["dial", "wait", "receive"] as const
  const words = names
    .filter((name) => phases[name] > 0)
    .map((name) => `${marks[name]} ${name} ${timeText(phases[name])}`)
  const room = Math.max(0, Math.min(60, columns - 9))
  let end = 0
  let bar = ""
  for (const name of names) {
    end += phases[name]
    // By the end of each phase, so that the bar is as long as it should be whatever is rounded.
    bar = bar.padEnd(sum === 0 ? 0 : Math.round((end / sum) * room), marks[name])
  }
  const label = paint("quiet", "time".padEnd(9))
  return [`${label}${[timeText(t_total), ...words].join("  ")}`, ...(bar === "" ? [] : [`${" ".repeat(9)}${bar}`])]
}

const messages = (record: HttpRecord, paint: Paint): ReadonlyArray<string> => {
  const { request, response } = record
  const lines = ["", ...headText(requestHead(request), paint), ...bodyText(request.body, paint)]
  lines.push(...trailersText(request.trailers, paint))
  for (const { status, headers, t } of response?.interim ?? []) {
    lines.push("", ...headText([`${status} after ${timeText(t)}`, ...fieldLines(headers)], paint))
  }
  if (response !== undefined) {
    lines.push("", ...headText(responseHead(response), paint), ...bodyText(response.body, paint))
    lines.push(...trailersText(response.trailers, paint))
  }
  return record.kind === "socket" ? [...lines, ...record.frames.flatMap((frame) => frameText(frame, paint))] : lines
}

const arrows = { client: "→", target: "←" } satisfies Record<RecordedFrame["from"], string>

/** The lines of a frame of a WebSocket behind an empty one. */
export const frameText = (frame: RecordedFrame, paint: Paint): ReadonlyArray<string> => {
  const { from, op, t, size, wire, fragments, omitted } = frame
  const words = [
    `${arrows[from]} ${op}`,
    timeText(t),
    sizeText(size),
    ...(wire === undefined ? [] : [`compressed to ${sizeText(wire)}`]),
    ...(fragments === undefined ? [] : [`in ${fragments.length} frames`]),
    ...(omitted === undefined ? [] : [`left out: ${omitted}`]),
  ]
  return ["", paint("quiet", words.join("  ")), ...contentLines({ ...frame, type: "", wire: size })]
}

/** What each side began with, where that was asked for. */
const firstBytes = ({ first = {} }: StreamRecord, paint: Paint): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const from of ["client", "target"] as const) {
    const bytes = Uint8Array.fromBase64(first[from] ?? "")
    if (bytes.length > 0) lines.push("", paint("quiet", `${arrows[from]} began with`), ...hexLines(bytes, maxHexBytes))
  }
  return lines
}

const headText = ([start = "", ...fields]: ReadonlyArray<string>, paint: Paint): ReadonlyArray<string> => [
  paint("strong", visibleLine(start)),
  ...fields.map(visibleLine),
]

const trailersText = (trailers: FieldList | undefined, paint: Paint): ReadonlyArray<string> =>
  trailers === undefined ? [] : ["", paint("quiet", "trailers"), ...fieldLines(trailers).map(visibleLine)]

/** The lines of a body behind an empty one, laid out, or why it is not here; none where there is nothing to show. */
export const bodyText = (body: RecordedBody | undefined, paint: Paint): ReadonlyArray<string> => {
  if (body === undefined || body.text === "") return []
  if (body.omitted !== undefined) return ["", paint("quiet", `(${sizeText(body.size)} left out: ${body.omitted})`)]
  const kept = contentOf(body)?.length ?? 0
  const size = kept < body.size ? ` of ${sizeText(body.size)}` : ""
  const note = body.truncated === true ? [paint("bad", `(cut at ${sizeText(kept)}${size})`)] : []
  const isEvents = body.text !== undefined && isEventStream(body.type)
  return ["", ...(isEvents ? eventLines(body, paint) : contentLines(body)), ...note]
}

/** The events of a stream, each with when it was whole, as far as that is known. */
const eventLines = ({ text = "", events = [] }: RecordedBody, paint: Paint): ReadonlyArray<string> => {
  const shown: Array<string> = []
  for (const [i, { lines }] of eventBlocks(text).entries()) {
    const { event, id, data, comments } = readEvent(lines)
    const t = events[i]
    const words = [data === undefined ? "comment" : event, id && `id ${id}`, t === undefined ? undefined : timeText(t)]
    const head = visibleLine(words.filter((word) => word !== undefined && word !== "").join("  "))
    const content =
      data === undefined ? comments.map(visibleLine) : contentLines({ type: "", text: data, size: 0, wire: 0 })
    shown.push(...(i === 0 ? [] : [""]), paint("quiet", `← ${head}`), ...content)
  }
  return shown
}

const contentLines = (
  body: Pick<RecordedBody, "type" | "text" | "base64" | "size" | "wire">,
): ReadonlyArray<string> => {
  const { text, base64, type } = body
  if (text === undefined) return base64 === undefined ? [] : hexLines(Uint8Array.fromBase64(base64), maxHexBytes)
  if (isForm(type)) return pairsOf(text).map(([name, value]) => `${visibleLine(name)} = ${visibleLine(value)}`)
  const laidOut = isJson(type) || type === "" ? layOutJson(text) : undefined
  return visible(laidOut ?? text.replaceAll("\r\n", "\n")).split("\n")
}

const redactions = ({ redacted = [] }: CaptureRecord, paint: Paint): ReadonlyArray<string> => {
  if (redacted.length === 0) return []
  const width = Math.max(...redacted.map(({ path }) => visibleLine(path).length))
  const lines = redacted.map(({ path, rule, token, hint = {} }) => {
    const hints = Object.entries(hint).map(([name, value]) => `${name}=${value}`)
    return `${visibleLine(path).padEnd(width)}  ${visibleLine([rule, token, ...hints].join("  "))}`
  })
  return ["", paint("quiet", "redacted"), ...lines]
}
