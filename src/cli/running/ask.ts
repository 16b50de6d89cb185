/**
 * Ask: one small HTTP request to a listener of the proxy that runs on this machine.
 *
 * By a plain socket: Bun's `fetch` obeys HTTP_PROXY even with `proxy: ""`, and the environment that `pillion env` makes
 * would send this very request through the proxy. HTTP/1.0, so that no answer is chunked and each ends its connection.
 */
import { connect } from "node:net"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

export interface AdminAnswer {
  /** 100..999 */
  readonly status: number
  /** The first line of the body where it is short printable ASCII, else empty. */
  readonly text: string
}

/** There was no HTTP answer, or none that was asked for: one line that says why. */
export class NoAnswer extends Data.TaggedError("NoAnswer")<{
  readonly message: string
  /** Of the answer, where there was one that says no. */
  readonly status?: number
}> {}

/** Milliseconds. The listeners are on this machine, and probes of containers give up after little more. */
export const answerTimeout = 3000

/** Heads and bodies of these answers are a few hundred bytes; whoever sends more than this is not the proxy. */
const maxAnswer = 16 * 1024

/** Asks 127.0.0.1, where every health and admin listener is found. `path` starts with a slash. */
export const ask = (
  method: "GET" | "POST",
  port: number,
  path: string,
  milliseconds = answerTimeout,
): Effect.Effect<AdminAnswer, NoAnswer> => {
  const place = `127.0.0.1:${port}`
  return exchange(port, `${method} ${path} HTTP/1.0\r\nHost: ${place}\r\nContent-Length: 0\r\n\r\n`).pipe(
    Effect.mapError((code) =>
      code === "ECONNREFUSED" ? `nothing listens on ${place}` : `${place} cannot be reached (${code})`,
    ),
    Effect.timeoutOrElse({
      duration: milliseconds,
      orElse: () => Effect.fail(`${place} did not answer within ${milliseconds} ms`),
    }),
    Effect.flatMap((bytes) => {
      const answer = parse(bytes)
      return answer === undefined ? Effect.fail(`${place} does not answer in HTTP`) : Effect.succeed(answer)
    }),
    Effect.mapError((message) => new NoAnswer({ message })),
  )
}

/** Everything that the peer sends until it ends, as latin1; fails with an error code. */
const exchange = (port: number, request: string): Effect.Effect<string, string> =>
  Effect.callback<string, string>((resume) => {
    let answer = ""
    const socket = connect({ host: "127.0.0.1", port })
    socket.setEncoding("latin1")
    socket.on("data", (chunk) => {
      answer += String(chunk)
      if (answer.length < maxAnswer) return
      socket.destroy()
      resume(Effect.succeed(answer))
    })
    socket.on("end", () => resume(Effect.succeed(answer)))
    socket.on("error", (error) => resume(Effect.fail("code" in error ? String(error.code) : error.message)))
    socket.write(request)
    return Effect.sync(() => socket.destroy())
  })

const parse = (bytes: string): AdminAnswer | undefined => {
  const status = /^HTTP\/1\.[01] ([1-9][0-9]{2})[ \r]/.exec(bytes)?.[1]
  const end = bytes.indexOf("\r\n\r\n")
  if (status === undefined || end < 0) return undefined
  return { status: Number(status), text: /^([ -~]{1,200})\r?(?:\n|$)/.exec(bytes.slice(end + 4))?.[1] ?? "" }
}
