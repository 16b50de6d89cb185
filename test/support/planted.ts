/** Planted secrets: one in every place that a message has for one, as requests and answers that hold them. */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"

/** One request and its answer, as bytes of latin1. */
export interface Planted {
  readonly request: string
  readonly answer: string
}

interface Parts {
  readonly method?: string
  readonly target?: string
  readonly headers?: ReadonlyArray<string>
  readonly type?: string
  readonly body?: string
  /** Names of fields behind a chunked body. */
  readonly trailers?: ReadonlyArray<string>
  readonly interim?: ReadonlyArray<string>
}

const framed = (start: string, { headers = [], type, body = "", trailers }: Parts): string => {
  const fields = [...headers, ...(type === undefined ? [] : [`Content-Type: ${type}`])]
  if (trailers === undefined) return [start, ...fields, `Content-Length: ${body.length}`, "", body].join("\r\n")
  const chunks = body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`
  return [start, ...fields, "Transfer-Encoding: chunked", "", `${chunks}0`, ...trailers, "", ""].join("\r\n")
}

const asking = (parts: Parts): Planted => ({
  request: framed(`${parts.method ?? "POST"} ${parts.target ?? "/"} HTTP/1.1\r\nHost: shop.example`, parts),
  answer: framed("HTTP/1.1 200 OK", {}),
})

const answering = (parts: Parts): Planted => {
  const interim = parts.interim === undefined ? "" : ["HTTP/1.1 103 Early Hints", ...parts.interim, "", ""].join("\r\n")
  return {
    request: "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n",
    answer: interim + framed("HTTP/1.1 200 OK", parts),
  }
}

/** A value that no rule would find by its looks. */
export const secretOf = (n: number): string => `plAnted-${String(n).padStart(2, "0")}-9vQx3k`

const json = "application/json"
const form = "application/x-www-form-urlencoded"
const part = (head: string, value: string): string =>
  `--B\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n--B--\r\n`
const deep = (depth: number, inner: string): string => '{"a":'.repeat(depth) + inner + "}".repeat(depth)
const coded = (coding: string, compress: (bytes: Buffer) => Uint8Array, s: string): Parts => ({
  headers: [`Content-Encoding: ${coding}`],
  type: json,
  body: Buffer.from(compress(Buffer.from(`{"password":"${s}"}`))).toString("latin1"),
})

type Row = readonly [where: string, plant: (secret: string) => Planted]

const named: ReadonlyArray<Row> = [
  ["Authorization, a token", (s) => asking({ headers: [`Authorization: Bearer ${s}`] })],
  [
    "Authorization, user and password",
    (s) => asking({ headers: [`Authorization: Basic ${btoa(`me:${s}`)}`, `X-Echo: ${s}`] }),
  ],
  [
    "Authorization of another scheme",
    (s) => asking({ headers: [`Authorization: Digest username="me", response="${s}"`] }),
  ],
  ["Proxy-Authorization", (s) => asking({ headers: [`Proxy-Authorization: Bearer ${s}`] })],
  ["a cookie", (s) => asking({ headers: [`Cookie: theme=dark; sid=${s}`] })],
  ["a quoted cookie", (s) => asking({ headers: [`Cookie: a="${s}"`] })],
  ["X-Api-Key", (s) => asking({ headers: [`X-Api-Key: ${s}`] })],
  ["X-Auth-Token, in lower case", (s) => asking({ headers: [`x-auth-token: ${s}`] })],
  ["X-Amz-Security-Token", (s) => asking({ headers: [`X-Amz-Security-Token: ${s}`] })],
  ["X-CSRF-Token, twice", (s) => asking({ headers: [`X-CSRF-Token: ${s}`, `X-XSRF-Token: ${s}`] })],
  ["X-Session-Id", (s) => asking({ headers: [`X-Session-Id: ${s}`] })],
  ["a query", (s) => asking({ target: `/a?x=1&access_token=${s}` })],
  ["the key of an API", (s) => asking({ target: `/v1/charges?key=${s}` })],
  ["a query whose name is in percents", (s) => asking({ target: `/a?%74oken=${s}` })],
  ["the signature of a URL", (s) => asking({ target: `/a?X-Amz-Signature=${s}&X-Amz-Expires=60` })],
  ["a URL within a query", (s) => asking({ target: `/a?next=https%3A%2F%2Fh%2F%3Ftoken%3D${s}` })],
  ["Referer", (s) => asking({ headers: [`Referer: https://h/?a=1&session=${s}`] })],
  ["a user in a header", (s) => asking({ headers: [`X-Proxy: http://me:${s}@proxy:3128`] })],
  ["a form", (s) => asking({ type: form, body: `user=me&password=${s}` })],
  ["a form in brackets", (s) => asking({ type: form, body: `user%5Bpassword%5D=${s}&x=1` })],
  ["JSON in a form", (s) => asking({ type: form, body: `payload=%7B%22token%22%3A%22${s}%22%7D` })],
  ["a part of multipart", (s) => asking({ type: "multipart/form-data; boundary=B", body: part('name="password"', s) })],
  [
    "JSON in multipart",
    (s) => asking({ type: "multipart/mixed; boundary=B", body: part('name="x"', `{"token":"${s}"}`) }),
  ],
  ["JSON", (s) => asking({ type: json, body: `{"user":"me","password":"${s}","max_tokens":4096}` })],
  ["JSON, 20 deep", (s) => asking({ type: json, body: deep(20, `{"client_secret":"${s}"}`) })],
  ["JSON below a name", (s) => asking({ type: json, body: `{"credentials":{"list":[{"x":"${s}"},["${s}"]]}}` })],
  ["JSON with an escaped name", (s) => asking({ type: json, body: `{"p\\u0061ssword":"${s}"}` })],
  ["JSON in JSON", (s) => asking({ type: json, body: `{"body":"{\\"token\\":\\"${s}\\"}"}` })],
  ["JSON behind a guard", (s) => asking({ type: json, body: `)]}',\n{"apiKey":"${s}"}` })],
  ["JSON of another type", (s) => asking({ type: "application/vnd.shop+json", body: `[{"private-key":"${s}"}]` })],
  ["JSON without a type", (s) => asking({ body: `{"session_id":"${s}"}` })],
  ["JSON lines", (s) => asking({ type: "application/x-ndjson", body: `{"a":1}\n{"otp":"${s}"}\n` })],
  [
    "a query in GraphQL",
    (s) => asking({ type: json, body: `{"query":"mutation","variables":{"input":{"passwd":"${s}"}}}` }),
  ],
  ["an element of XML", (s) => asking({ type: "application/xml", body: `<a><Password>${s}</Password></a>` })],
  ["an attribute of XML", (s) => asking({ type: "text/xml", body: `<user name="me" api-key="${s}"/>` })],
  ["XML in CDATA", (s) => asking({ type: "application/soap+xml", body: `<w:Token><![CDATA[${s}]]></w:Token>` })],
  ["a trailer of a request", (s) => asking({ body: "x", trailers: [`X-Signature: ${s}`] })],
  ["gzip", (s) => asking(coded("gzip", gzipSync, s))],
  ["brotli", (s) => asking(coded("br", brotliCompressSync, s))],
  ["deflate", (s) => asking(coded("deflate", deflateSync, s))],
  ["zstd", (s) => asking(coded("zstd", zstdCompressSync, s))],
  ["Set-Cookie", (s) => answering({ headers: [`Set-Cookie: id=${s}; Path=/; HttpOnly`] })],
  [
    "a login's answer",
    (s) => answering({ type: json, body: `{"access_token":"${s}","token_type":"bearer","expires_in":60}` }),
  ],
  ["a redirection", (s) => answering({ headers: [`Location: /cb?code=1&token=${s}`] })],
  [
    "a link of an early hint",
    (s) => answering({ interim: [`Link: <https://cdn.example/a?signature=${s}>; rel=preload`] }),
  ],
  ["an event", (s) => answering({ type: "text/event-stream", body: `event: x\ndata: {"token":"${s}"}\n\n` })],
  [
    "an event in two lines",
    (s) => answering({ type: "text/event-stream", body: `data: {"secret":\ndata: "${s}"}\n\n` }),
  ],
  [
    "a field of HTML",
    (s) => answering({ type: "text/html", body: `<form><input name="password" value="${s}"></form>` }),
  ],
  ["a link of HTML", (s) => answering({ type: "text/html", body: `<a href="/reset?token=${s}">reset</a>` })],
  [
    "a script of HTML",
    (s) => answering({ type: "text/html", body: `<script type="application/json">{"token":"${s}"}</script>` }),
  ],
  ["a URL in text", (s) => answering({ type: "text/plain", body: `see http://me:${s}@host/ please` })],
  ["a trailer of an answer", (s) => answering({ type: "text/plain", body: "x", trailers: [`X-Auth-Token: ${s}`] })],
  [
    "an answer that repeats a form",
    (s) => ({
      ...asking({ type: form, body: `password=${s}` }),
      answer: framed("HTTP/1.1 403 No", { body: `wrong: ${s}` }),
    }),
  ],
]

const pem = (s: string): string =>
  `-----BEGIN PRIVATE KEY-----\nMIIB${s.replaceAll("-", "")}\n-----END PRIVATE KEY-----`
const claims = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url")

/** Places where a secret is found by its looks, with what it is there. */
const shaped: ReadonlyArray<readonly [where: string, secret: string, plant: (secret: string) => Planted]> = [
  ["a path", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", (s) => asking({ target: `/hooks/${s}/x` })],
  [
    "a JWT",
    `${claims({ alg: "HS256" })}.${claims({ sub: "me@shop.example" })}.c2lnbmF0dXJlLW9mLWl0`,
    (s) => asking({ headers: [`X-Context: ${s}`] }),
  ],
  ["a private key", pem("plAnted-9vQx3k"), (s) => answering({ type: "text/plain", body: `key:\n${s}\n` })],
  ["a key of AWS", "AKIAIOSFODNN7EXAMPLE", (s) => answering({ type: "text/plain", body: `use ${s} now` })],
  ["a key of Stripe", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", (s) => answering({ type: json, body: `{"note":"${s}"}` })],
  ["a payment card", "4111111111111111", (s) => asking({ type: json, body: `{"number":"${s}"}` })],
  [
    "a token of Slack",
    "xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx",
    (s) => asking({ type: form, body: `note=${s}` }),
  ],
]

export interface PlantedSecret extends Planted {
  readonly where: string
  readonly secret: string
}

const placed = (where: string, secret: string, plant: (secret: string) => Planted): PlantedSecret => {
  const { request, answer } = plant(secret)
  return { where, secret, request, answer }
}

/** Every place of HTTP. Secrets are all different. */
export const planted: ReadonlyArray<PlantedSecret> = [
  ...named.map(([where, plant], i) => placed(where, secretOf(i), plant)),
  ...shaped.map(([where, secret, plant]) => placed(where, secret, plant)),
]
