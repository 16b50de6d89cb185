/**
 * HAR: records as an HTTP Archive 1.2, which browsers and other tools read. The document is written entry by entry, so
 * that a capture of any size goes through. What is not known is -1, and what HAR has no field for begins with `_`.
 */
import type { FieldList, HttpRecord, CaptureRecord, RecordedBody, RecordedResponse } from "./record.ts"
import { isHttp } from "./record.ts"
import { queryOf, urlOf, valueOf, valuesOf } from "./url.ts"

/** The document's beginning. `version` is that of the program which made it. */
export const harStart = (version: string): string =>
  `{"log":{"version":"1.2","creator":${JSON.stringify({ name: "pillion", version })},"entries":[`

export const harEnd = "]}}\n"

/** The whole document in pieces, one an entry; records without an HTTP request are left out. */
export function* har(records: Iterable<CaptureRecord>, version: string): Generator<string> {
  yield harStart(version)
  let between = "\n"
  for (const record of records) {
    if (!isHttp(record)) continue
    yield between + JSON.stringify(harEntry(record))
    between = ",\n"
  }
  yield `\n${harEnd}`
}

/** One entry. */
export const harEntry = (record: HttpRecord): object => {
  const timings = timingsOf(record)
  const ip = ipOf(record.address)
  return {
    startedDateTime: record.started,
    time: micro(Math.max(timings.connect, 0) + Math.max(timings.wait, 0) + Math.max(timings.receive, 0)),
    request: requestOf(record),
    response: record.response === undefined ? noResponse : responseOf(record.response),
    cache: {},
    timings,
    ...(ip === undefined ? {} : { serverIPAddress: ip }),
    connection: String(record.flow),
    _id: record.id,
    _direction: record.direction,
    ...(record.cause === undefined ? {} : { _cause: record.cause.id }),
    ...(record.truncated === undefined ? {} : { _truncated: record.truncated }),
    ...(failureOf(record) === undefined ? {} : { _error: failureOf(record) }),
    ...messagesOf(record),
  }
}

const failureOf = ({ refusal, code, error, end }: HttpRecord): string | undefined => refusal ?? error ?? code ?? end

/** HAR's phases follow each other, as the access log's do. */
const timingsOf = ({ t_dial, t_first_byte, t_total }: HttpRecord) => ({
  blocked: -1,
  dns: -1,
  connect: t_dial ?? -1,
  ssl: -1,
  send: 0,
  wait: t_first_byte ?? -1,
  receive: t_total === undefined ? -1 : Math.max(0, micro(t_total - (t_dial ?? 0) - (t_first_byte ?? 0))),
})

const micro = (ms: number): number => Math.round(ms * 1000) / 1000

const requestOf = (record: HttpRecord): object => {
  const { line, headers, body } = record.request
  const url = urlOf(record)
  return {
    method: line.method,
    // As browsers write it.
    url: record.kind === "socket" ? url.replace(/^http/, "ws") : url,
    httpVersion: `HTTP/${line.version}`,
    cookies: valuesOf(headers, "cookie").flatMap(cookiesOf),
    headers: fieldsOf(headers),
    queryString: queryOf(line.target).map(([name, value]) => ({ name, value })),
    headersSize: -1,
    bodySize: body?.wire ?? 0,
    ...(body === undefined ? {} : { postData: { mimeType: body.type, ...contentOf(body, "_encoding") } }),
  }
}

const noResponse = {
  status: 0,
  statusText: "",
  httpVersion: "",
  cookies: [],
  headers: [],
  content: { size: 0, mimeType: "" },
  redirectURL: "",
  headersSize: -1,
  bodySize: -1,
}

const responseOf = ({ line, headers, body }: RecordedResponse): object => ({
  status: line.status,
  statusText: line.reason,
  httpVersion: `HTTP/${line.version}`,
  cookies: valuesOf(headers, "set-cookie").map(setCookieOf),
  headers: fieldsOf(headers),
  content: {
    size: body?.size ?? 0,
    mimeType: body?.type ?? "",
    ...(body?.coding === undefined || body.truncated === true ? {} : { compression: body.size - body.wire }),
    ...(body === undefined ? {} : contentOf(body, "encoding")),
  },
  redirectURL: valueOf(headers, "location") ?? "",
  headersSize: -1,
  bodySize: body?.wire ?? 0,
})

/** HAR knows an encoding of a response's content only. */
const contentOf = (body: RecordedBody, encoding: "encoding" | "_encoding"): object => {
  if (body.omitted !== undefined) return { text: "", comment: `left out: ${body.omitted}` }
  const comment = body.truncated === true ? { comment: "cut" } : {}
  return body.base64 === undefined
    ? { text: body.text ?? "", ...comment }
    : { text: body.base64, [encoding]: "base64", ...comment }
}

const fieldsOf = (headers: FieldList) => headers.map(([name, value]) => ({ name, value }))

const cookiesOf = (value: string) =>
  value
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "")
    .map(cookieOf)

const cookieOf = (pair: string): { name: string; value: string } => {
  const at = pair.indexOf("=")
  return at < 0 ? { name: "", value: pair } : { name: pair.slice(0, at).trim(), value: pair.slice(at + 1).trim() }
}

/** RFC 6265 section 4.1; attributes that HAR has no field for are left out, and so are dates that are none. */
const setCookieOf = (value: string): object => {
  const [first = "", ...attributes] = value.split(";")
  const named = new Map(attributes.map((each) => [cookieOf(`${each}=`).name.toLowerCase(), cookieOf(each).value]))
  const expires = Date.parse(named.get("expires") ?? "")
  return {
    ...cookieOf(first),
    ...(named.has("path") ? { path: named.get("path") } : {}),
    ...(named.has("domain") ? { domain: named.get("domain") } : {}),
    ...(Number.isNaN(expires) ? {} : { expires: new Date(expires).toISOString() }),
    httpOnly: named.has("httponly"),
    secure: named.has("secure"),
  }
}

/** The address alone: a name or a port there is refused by readers. */
const ipOf = (address: string | undefined): string | undefined =>
  /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(address ?? "")?.[1] ?? /^\[([0-9a-f:.]+)\]:\d+$/i.exec(address ?? "")?.[1]

const opcodes = { text: 1, binary: 2 }

const messagesOf = (record: HttpRecord): object => {
  if (record.kind !== "socket") return {}
  const started = Date.parse(record.started)
  return {
    _resourceType: "websocket",
    // As browsers do, which know of messages only; binary ones are in base64.
    _webSocketMessages: record.frames.flatMap(({ from, t, op, text, base64 }) =>
      op !== "text" && op !== "binary"
        ? []
        : {
            type: from === "client" ? "send" : "receive",
            // Seconds since the epoch.
            time: (started + t) / 1000,
            opcode: opcodes[op],
            data: text ?? base64 ?? "",
          },
    ),
    ...(record.close === undefined ? {} : { _close: record.close }),
  }
}
