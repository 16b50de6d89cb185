/**
 * Tap: what ends from now on, a line of JSON each, for whoever reads it. A reader that is slow loses lines and is told
 * how many; it costs the proxy no more memory than one that is fast.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

import type { Recent } from "../observe/access/recent.ts"
import { parseFilter } from "../observe/filter/entry-filter.ts"
import { isProblem } from "../observe/filter/problem.ts"

import { type AdminRequest, type AdminResponse, KeepOpen, query, type Route, text } from "./router.ts"

/** Readers at once; each costs its buffer, and its filter for every line. */
export const maxReaders = 16
/** Characters that wait for one reader. */
export const maxWait = 256 * 1024
/** Milliseconds that lines are collected for: a line of its own write each would cost more than the line. */
const batchEvery = 20

export interface Tap {
  readonly route: Route
  /** Lines that readers lost, over all of them. */
  readonly dropped: () => number
}

/** Answers `GET /tap?filter=...` with a stream that ends when the reader or the server does. */
export const makeTap = (recent: Pick<Recent, "follow">): Tap => {
  let readers = 0
  let dropped = 0
  const answer = (request: AdminRequest, keepOpen: () => void): AdminResponse => {
    if (request.method === "HEAD") return HttpServerResponse.empty(ndjson)
    const wanted = query(request, "filter") ?? ""
    const filter = parseFilter(wanted)
    if (isProblem(filter)) return text(400, `the filter ${JSON.stringify(wanted)} ${filter.problem}`)
    if (readers >= maxReaders) return text(503, `${maxReaders} readers are here already`)
    const reader = new Reader(() => void dropped++)
    const leave = recent.follow((entry, line) => {
      if (filter.matches(entry)) reader.add(line)
    })
    readers++
    keepOpen()
    // With a high-water mark of 0 the server asks for more only when the socket has taken what it was given.
    const stream = new ReadableStream<Uint8Array>(
      {
        // A head alone would wait for its first line; so does a reader that wants to know that it is connected.
        start: (controller) => controller.enqueue(Buffer.from("\n")),
        pull: async (controller) => controller.enqueue(await reader.next()),
        cancel: () => {
          readers--
          leave()
          reader.close()
        },
      },
      { highWaterMark: 0 },
    )
    return HttpServerResponse.raw(stream, ndjson)
  }
  return {
    route: HttpRouter.route("GET", "/tap", (request) => Effect.map(KeepOpen, (keepOpen) => answer(request, keepOpen))),
    dropped: () => dropped,
  }
}

const ndjson = { status: 200, headers: { "Content-Type": "application/x-ndjson", "Cache-Control": "no-store" } }

/** Lines on their way to one reader. */
class Reader {
  private waiting: Array<string> = []
  private characters = 0
  /** Lines that were lost since the reader's last notice. */
  private lost = 0
  private asked: ((bytes: Uint8Array) => void) | undefined = undefined
  private timer: ReturnType<typeof setTimeout> | undefined = undefined
  private readonly onLoss: () => void

  constructor(onLoss: () => void) {
    this.onLoss = onLoss
  }

  add(line: string): void {
    if (this.characters + line.length > maxWait) {
      this.lost++
      this.onLoss()
      return
    }
    this.tellLoss()
    this.waiting.push(line)
    this.characters += line.length
    this.answer()
  }

  /** Sends what there is, at the latest a batch after the first line came. */
  next(): Promise<Uint8Array> {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>()
    this.asked = resolve
    this.answer()
    return promise
  }

  close(): void {
    clearTimeout(this.timer)
    this.asked = undefined
    this.waiting = []
  }

  /** At the place where lines are missing. */
  private tellLoss(): void {
    if (this.lost === 0) return
    this.waiting.push(`${JSON.stringify({ dropped: this.lost })}\n`)
    this.lost = 0
  }

  private answer(): void {
    if (this.asked === undefined || this.waiting.length === 0) return
    this.timer ??= setTimeout(() => this.flush(), batchEvery)
  }

  private flush(): void {
    this.timer = undefined
    this.tellLoss()
    const bytes = Buffer.from(this.waiting.join(""))
    this.waiting = []
    this.characters = 0
    this.asked?.(bytes)
    this.asked = undefined
  }
}
