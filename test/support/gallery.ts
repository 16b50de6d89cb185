/**
 * Gallery: an origin that has every kind of answer that HTTP/1.1 frames in a way of its own, and curl's way to ask for each.
 */
import { brotliCompressSync, gzipSync } from "node:zlib"

import { type HttpOrigin, httpOrigin, ok } from "./origins.ts"

/** A kind of exchange, and what a record of it has to say. */
export interface Exhibit {
  /** Its path; a number follows. */
  readonly path: string
  /** Words for curl. */
  readonly words: ReadonlyArray<string>
  readonly method: string
  readonly status: number
  /** Bytes of content each way, without codings. */
  readonly sent: number
  readonly received: number
}

const content = "what is in it, again and again and again\n".repeat(20)

const exhibit = (path: string, parts: Partial<Exhibit> = {}): Exhibit => ({
  path,
  words: [],
  method: "GET",
  status: 200,
  sent: 0,
  received: content.length,
  ...parts,
})

const json = '{"n":1,"list":[1.10,12345678901234567890]}'
const posted = { method: "POST", sent: json.length }

export const exhibits: ReadonlyArray<Exhibit> = [
  exhibit("plain"),
  exhibit("chunked"),
  exhibit("gzip", { words: ["-H", "Accept-Encoding: gzip"] }),
  exhibit("br", { words: ["-H", "Accept-Encoding: br"] }),
  exhibit("zstd", { words: ["-H", "Accept-Encoding: zstd"] }),
  exhibit("trailers", { words: ["-H", "TE: trailers"] }),
  exhibit("head", { words: ["--head"], method: "HEAD", received: 0 }),
  exhibit("nothing", { status: 204, received: 0 }),
  exhibit("posted", { ...posted, words: ["--json", json] }),
  exhibit("uploaded", { ...posted, words: ["--json", json, "-H", "Transfer-Encoding: chunked"] }),
  exhibit("continued", { ...posted, words: ["--json", json, "-H", "Expect: 100-continue"] }),
  exhibit("cut", { received: 10 }),
]

const chunked = (text: string, trailers = ""): string => {
  const half = text.length >> 1
  const chunks = [text.slice(0, half), text.slice(half)].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join("")}0\r\n${trailers}\r\n`
}

const coded = (coding: string, bytes: Uint8Array): string =>
  ok(Buffer.from(bytes).toString("latin1"), `Content-Encoding: ${coding}`, "Content-Type: text/plain")

const answers: Readonly<Record<string, () => string>> = {
  plain: () => ok(content),
  chunked: () => chunked(content),
  gzip: () => coded("gzip", gzipSync(content)),
  br: () => coded("br", brotliCompressSync(content)),
  zstd: () => coded("zstd", Bun.zstdCompressSync(Buffer.from(content))),
  trailers: () => chunked(content, "X-Sum: 1\r\n"),
  head: () => `HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n`,
  nothing: () => "HTTP/1.1 204 No Content\r\n\r\n",
  posted: () => ok(content),
  uploaded: () => ok(content),
  continued: () => `HTTP/1.1 100 Continue\r\n\r\n${ok(content)}`,
}

/** Answers by the first segment of the path. */
export const gallery = (): Promise<HttpOrigin> =>
  httpOrigin(({ line }, peer) => {
    const name = /^\S+ (?:http:\/\/[^/]*)?\/(\w+)/.exec(line)?.[1] ?? ""
    if (name !== "cut") return answers[name]?.() ?? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${"x".repeat(10)}`)
    peer.end()
    return undefined
  })
