/** What the micro-benchmarks run: each a whole handshake, head or chunk, as a connection would meet it. */
import { makeRedactor } from "../src/capture/redact/redactor.ts"
import { builtInRules } from "../src/capture/redact/rules.ts"
import { parseIpv4 } from "../src/protocol/address.ts"
import { fromLatin1 } from "../src/protocol/bytes.ts"
import { detect } from "../src/protocol/detect/detect.ts"
import type { Handshake } from "../src/protocol/handshake.ts"
import { Body } from "../src/protocol/http/body.ts"
import { makeConnect } from "../src/protocol/http/connect.ts"
import { Fields } from "../src/protocol/http/fields.ts"
import { makeForwarding } from "../src/protocol/http/forward.ts"
import { HttpFollower } from "../src/protocol/http/passive/follower.ts"
import { prepareAnswer, prepareRequest, type PreparedRequest } from "../src/protocol/http/prepare.ts"
import { parseRequest } from "../src/protocol/http/request.ts"
import { parseResponse } from "../src/protocol/http/response.ts"
import { findHeadEnd } from "../src/protocol/http/scan.ts"
import { chunked } from "../src/protocol/http/survey.ts"
import { makeSocks4 } from "../src/protocol/socks/socks4.ts"
import { makeSocks5 } from "../src/protocol/socks/socks5.ts"

export interface Case {
  readonly name: string
  readonly run: () => unknown
  /** What its time is a multiple of. */
  readonly reference: () => unknown
  /** How often it runs between two readings of what is allocated, where that is so much that fewer must do. */
  readonly allocationRuns?: number
}

/** The default limits. */
const limits = { maxHeadBytes: 64 * 1024, maxHeadFields: 128, pseudonym: "pillion" }
const forwarding = makeForwarding("pillion")
const allowed = { socks: true, http: true }
const bound = { address: parseIpv4("127.0.0.1"), port: 40_000 }

const noise = new Uint8Array(512).map((_, i) => (i * 31) & 0xff)

/**
 * The yardstick of most: bytes looked at one by one, a view, a small object. It does what our code does, and must never
 * change, or every recorded ratio changes with it.
 */
const looking = (): unknown => {
  let hash = 0
  for (let i = 0; i < noise.length; i++) hash = (Math.imul(hash, 31) + noise[i]!) | 0
  return { hash, view: noise.subarray(hash & 15, 32), first: hash & 1 }
}

const contentBytes = 16 * 1024
const content = new Uint8Array(contentBytes)

/**
 * The yardstick of what copies its content into new memory. What such memory costs beside a loop over bytes differs
 * from machine to machine by a factor of six: it has to be in the reference, or a new machine looks like a regression.
 */
const copying = (): unknown => {
  const copy = new Uint8Array(contentBytes)
  copy.set(content)
  return copy
}

const greeting = Uint8Array.of(5, 1, 0)
const socks5Request = Uint8Array.of(5, 1, 0, 1, 127, 0, 0, 1, 0, 80)
const socks5Name = Uint8Array.of(5, 1, 0, 3, 11, ...fromLatin1("example.com"), 1, 187)
const socks4aRequest = Uint8Array.of(4, 1, 0, 80, 0, 0, 0, 1, 0, ...fromLatin1("example.com"), 0)

const lines = (...all: ReadonlyArray<string>): Uint8Array => fromLatin1(`${all.join("\r\n")}\r\n\r\n`)

const connectHead = lines(
  "CONNECT example.com:443 HTTP/1.1",
  "Host: example.com:443",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
  "Proxy-Connection: keep-alive",
)

const requestHead = lines(
  "GET http://example.com/api/v1/things?limit=20&offset=40 HTTP/1.1",
  "Host: example.com",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
  "Accept: application/json, text/plain, */*",
  "Accept-Language: en-GB,en;q=0.5",
  "Accept-Encoding: gzip, deflate, br",
  "Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789",
  "Cookie: session=0123456789abcdef; theme=dark",
  "Proxy-Connection: keep-alive",
)

const responseHead = lines(
  "HTTP/1.1 200 OK",
  "Date: Mon, 06 Jul 2026 10:00:00 GMT",
  "Server: origin",
  "Content-Type: application/json; charset=utf-8",
  "Content-Length: 128",
  "Cache-Control: private, max-age=0",
  'ETag: "0123456789abcdef"',
  "Connection: keep-alive",
)
const response = new Uint8Array([...responseHead, ...new Uint8Array(128)])

const chunk = new Uint8Array([...fromLatin1("4000\r\n"), ...content, ...fromLatin1("\r\n")])
const smallChunks = fromLatin1(`10\r\n${"x".repeat(16)}\r\n`.repeat(contentBytes / 16))
const piece = new Uint8Array(64 * 1024)

const fields = new Fields()

const request = (): PreparedRequest => {
  const end = findHeadEnd(requestHead, 0)
  const head = parseRequest(requestHead, end, fields, limits)
  if ("reason" in head) throw new Error(head.detail)
  const prepared = prepareRequest({ bytes: requestHead, end, head, fields }, forwarding, limits)
  if ("reason" in prepared) throw new Error(prepared.detail)
  return prepared
}

const asked = request()

const answer = (): unknown => {
  const end = findHeadEnd(response, 0)
  const head = parseResponse(response, end, fields, limits, "GET")
  if ("reason" in head) throw new Error(head.detail)
  return prepareAnswer({ bytes: response, end, head, fields }, asked, true, forwarding, limits)
}

const follower = new HttpFollower(
  { ...limits, maxPipelined: 1024 },
  {
    record: () => undefined,
    followed: ({ status }) => {
      if (status !== 200) throw new Error(`the followed answer of the benchmark has status ${status}`)
    },
    lost: ({ detail }) => {
      throw new Error(detail)
    },
    upgraded: () => {},
  },
)

/** A request and its answer, carried as they are and read along. */
const follow = (): void => {
  follower.request(requestHead, 0)
  follower.response(response, 0)
}

/** Steps until it wants to dial, then says that it has: every message in one piece. */
const shake = (handshake: Handshake, ...messages: ReadonlyArray<Uint8Array>): Uint8Array => {
  for (const message of messages) {
    const { _tag } = handshake.step(message)
    if (_tag === "Dial") return handshake.accepted(bound)
    if (_tag !== "Reply") throw new Error(`a ${handshake.protocol} handshake of the benchmark ended with ${_tag}`)
  }
  throw new Error(`a ${handshake.protocol} handshake of the benchmark did not end`)
}

const chunkedBody = new Body(chunked, "chunks", limits)
const longBody = new Body(Number.MAX_SAFE_INTEGER, "chunks", limits)

/** 6.6 KB of JSON with 62 secrets, each another one. */
const secretBody = JSON.stringify(
  Array.from({ length: 62 }, (_, i) => ({
    id: i,
    name: `Person number ${i}`,
    access_token: `s3cr3t-${i}-abcdef`,
    city: "Berlin",
    amount: i * 1.5,
    ok: true,
  })),
)
const secretRecord = {
  request: { line: { target: "/people" }, headers: [], body: { type: "application/json", text: secretBody } },
}
const redact = makeRedactor({
  rules: builtInRules,
  digest: (value) => new Bun.CryptoHasher("sha256", "the key of the benchmark").update(value).digest("hex"),
  now: () => performance.now(),
})
/** What reading and writing a body anew would take. */
const parsing = (): unknown => JSON.stringify(JSON.parse(secretBody))

export const cases: ReadonlyArray<Case> = [
  { name: "detect a CONNECT", run: () => detect(connectHead, allowed), reference: looking },
  { name: "SOCKS4a handshake", run: () => shake(makeSocks4(), socks4aRequest), reference: looking },
  { name: "SOCKS5 handshake, IPv4", run: () => shake(makeSocks5(), greeting, socks5Request), reference: looking },
  { name: "SOCKS5 handshake, name", run: () => shake(makeSocks5(), greeting, socks5Name), reference: looking },
  { name: "CONNECT head", run: () => shake(makeConnect(limits), connectHead), reference: looking },
  { name: "request head, parsed and rewritten", run: request, reference: looking },
  { name: "response head and small body", run: answer, reference: looking },
  { name: "request and answer, followed", run: follow, reference: looking },
  { name: "chunked body, one chunk of 16 KiB", run: () => chunkedBody.pass(chunk, 0), reference: looking },
  {
    name: "chunked body, many chunks of 16 bytes",
    run: () => chunkedBody.pass(smallChunks, 0),
    reference: copying,
    // With more a collection comes in between, and what is read is how much it left.
    allocationRuns: 50,
  },
  { name: "body with a length, one piece of 64 KiB", run: () => longBody.pass(piece, 0), reference: looking },
  {
    name: "redaction of 6.6 KB JSON, 62 secrets",
    run: () => redact(secretRecord),
    reference: parsing,
    allocationRuns: 50,
  },
]
