/**
 * Telemetry client: how exports are sent, as effect's HttpClient.
 *
 * By Node's HTTP client: `fetch` obeys HTTP_PROXY, and in the environment that `pillion env` makes every export would
 * go through this very proxy, which would log it, and export that. One deadline stands over each attempt.
 *
 * A batch that no attempt could deliver is lost, and that is logged; to effect's exporter every batch is delivered, for
 * otherwise it would try again at the end for seconds, and say nothing of what it throws away.
 */
import { request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"

/** Attempts for one batch, and milliseconds between two of them: at least, and at most where the collector asks for it. */
export const maxAttempts = 4
const firstPause = 1000
const maxPause = 30_000

export interface TelemetryClientParts {
  /** Milliseconds that an attempt may take. */
  readonly timeout: number
  /** How many batches are on their way. */
  readonly underWay: (batches: number) => void
  /** Called once for each batch; `problem` says why it is lost, and is undefined where it was delivered. */
  readonly over: (url: URL, problem: string | undefined) => void
  /** Done when the end begins: every batch is tried once more, at once. */
  readonly ending: Deferred.Deferred<void>
}

/** Never fails, and answers everything with 200. */
export const makeTelemetryClient = ({
  timeout,
  underWay,
  over,
  ending,
}: TelemetryClientParts): HttpClient.HttpClient => {
  let batches = 0
  const count = (change: number): Effect.Effect<void> => Effect.sync(() => underWay((batches += change)))
  const deliver = Effect.fnUntraced(function* (request: HttpClientRequest, url: URL) {
    for (let attempt = 1; ; attempt++) {
      const last = attempt === maxAttempts || Deferred.isDoneUnsafe(ending)
      const refused = yield* Effect.timeoutOrElse(send(request, url), {
        duration: timeout,
        orElse: () => Effect.succeed<Refused>({ reason: `no answer within ${timeout} ms`, pause: firstPause }),
      })
      if (refused === undefined) return undefined
      if (refused.pause === undefined || last) return refused.reason
      yield* Effect.raceFirst(Effect.sleep(refused.pause), Deferred.await(ending))
    }
  })
  return HttpClient.make((request, url) =>
    Effect.acquireUseRelease(
      count(1),
      () =>
        Effect.map(deliver(request, url), (problem) => {
          over(url, problem)
          return HttpClientResponse.fromWeb(request, new Response(null))
        }),
      () => count(-1),
    ),
  )
}

/** Why an attempt failed, and milliseconds until another makes sense; undefined where none does. */
interface Refused {
  readonly reason: string
  readonly pause: number | undefined
}

/** Sends a batch once. Undefined: the collector took it; else how it was refused. */
const send = (request: HttpClientRequest, url: URL): Effect.Effect<Refused | undefined> =>
  Effect.callback((resume) => {
    // An exporter's bodies are bytes; any other kind would be a programmer's error of ours.
    if (request.body._tag !== "Uint8Array") throw new TypeError(`no way to send a body that is ${request.body._tag}`)
    const { body, contentType } = request.body
    const headers = { ...request.headers, "content-type": contentType, "content-length": body.length }
    const make = url.protocol === "https:" ? requestHttps : requestHttp
    const sent = make(url, { method: request.method, headers }, (answer) => {
      // What a collector says beyond its status is of no use here.
      answer.resume()
      resume(Effect.succeed(refusalOf(answer.statusCode ?? 0, answer.headers["retry-after"])))
    })
    sent.on("error", (cause) => resume(Effect.succeed({ reason: cause.message, pause: firstPause })))
    sent.end(body)
    return Effect.sync(() => sent.destroy())
  })

/** The statuses that OTLP/HTTP says may be tried again. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504])

const refusalOf = (status: number, retryAfter: string | undefined): Refused | undefined => {
  if (status >= 200 && status <= 299) return undefined
  const reason = `status ${status}`
  if (!passing.has(status)) return { reason, pause: undefined }
  // Its other form, a date, is taken as not given.
  const asked = /^\d{1,6}$/.test(retryAfter ?? "") ? Number(retryAfter) * 1000 : 0
  return { reason, pause: Math.min(Math.max(asked, firstPause), maxPause) }
}
