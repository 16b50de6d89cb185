/**
 * Telemetry client: how exports are sent, as effect's HttpClient.
 *
 * By Node's HTTP client: `fetch` obeys HTTP_PROXY, and in the environment that `pillion env` makes every export would
 * go through this very proxy, which would log it, and export that. One deadline stands over each request.
 */
import { request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import { HttpClientError, TransportError } from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"

/** A client that gives up after `timeout` milliseconds; `underWay` is called with how many requests are. */
export const makeTelemetryClient = (timeout: number, underWay: (requests: number) => void): HttpClient.HttpClient => {
  let requests = 0
  const count = (change: number): Effect.Effect<void> => Effect.sync(() => underWay((requests += change)))
  return HttpClient.make((request, url) =>
    Effect.acquireUseRelease(
      count(1),
      () =>
        Effect.timeoutOrElse(send(request, url), {
          duration: timeout,
          orElse: () => Effect.fail(failed(request, `no answer within ${timeout} ms`)),
        }),
      () => count(-1),
    ),
  )
}

const send = (
  request: HttpClientRequest,
  url: URL,
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError> =>
  Effect.callback((resume) => {
    // An exporter's bodies are bytes; any other kind would be a programmer's error of ours.
    if (request.body._tag !== "Uint8Array") throw new TypeError(`no way to send a body that is ${request.body._tag}`)
    const { body, contentType } = request.body
    const headers = { ...request.headers, "content-type": contentType, "content-length": body.length }
    const make = url.protocol === "https:" ? requestHttps : requestHttp
    const sent = make(url, { method: request.method, headers }, (answer) => {
      // What a collector says beyond its status is of no use here.
      answer.resume()
      const { statusCode = 0 } = answer
      const retryAfter = answer.headers["retry-after"]
      const fields = retryAfter === undefined ? {} : { "retry-after": retryAfter }
      const status = statusCode >= 200 && statusCode <= 599 ? statusCode : 502
      resume(Effect.succeed(HttpClientResponse.fromWeb(request, new Response(null, { status, headers: fields }))))
    })
    sent.on("error", (cause) => resume(Effect.fail(failed(request, cause.message))))
    sent.end(body)
    return Effect.sync(() => sent.destroy())
  })

const failed = (request: HttpClientRequest, description: string): HttpClientError =>
  new HttpClientError({ reason: new TransportError({ request, description }) })
