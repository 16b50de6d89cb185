/**
 * Admin client: asks the admin listener of the proxy that runs on this machine, for commands that show what it does.
 */
import { connect } from "node:net"
import * as Effect from "effect/Effect"

import { answerTimeout, NoAnswer } from "./ask.ts"

/** Characters of one answer: the longest list has a few thousand lines of a few hundred. */
const maxAnswer = 16 * 1024 * 1024
/** Characters of one line of a stream; an entry's texts are cut at about a thousand each. */
const maxLine = 64 * 1024

/** The body of `GET path`, which must be answered with 200 in time. */
export const get = (port: number, path: string): Effect.Effect<string, NoAnswer> =>
  Effect.suspend(() => {
    let text = ""
    const collected = stream(port, path, (piece) => {
      text += piece
      return text.length <= maxAnswer
    })
    return collected.pipe(
      Effect.timeoutOrElse({
        duration: answerTimeout,
        orElse: () => Effect.fail(noAnswer(port, `did not answer within ${answerTimeout} ms`)),
      }),
      Effect.map(() => text),
    )
  })

/** Calls `onLine` for every line of `GET path` until the answer ends. Interruption hangs up. */
export const follow = (port: number, path: string, onLine: (line: string) => void): Effect.Effect<void, NoAnswer> => {
  let rest = ""
  return stream(port, path, (piece) => {
    const lines = (rest + piece).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) if (line !== "") onLine(line)
    return rest.length <= maxLine
  })
}

/** Gives the body of a 200 to `take`, piece by piece, until it ends or `take` wants no more. */
const stream = (port: number, path: string, take: (piece: string) => boolean): Effect.Effect<void, NoAnswer> =>
  Effect.callback((resume) => {
    // By a plain socket, and HTTP/1.0, for the reasons that `ask` has.
    const socket = connect({ host: "127.0.0.1", port })
    let head: string | undefined = ""
    const fail = (what: string): void => {
      socket.destroy()
      resume(Effect.fail(noAnswer(port, what)))
    }
    socket.setEncoding("utf8")
    socket.on("data", (chunk) => {
      let piece = String(chunk)
      if (head !== undefined) {
        head += piece
        const end = head.indexOf("\r\n\r\n")
        if (end < 0) return head.length > maxLine ? fail("does not answer in HTTP") : undefined
        piece = head.slice(end + 4)
        const status = /^HTTP\/1\.[01] ([1-9][0-9]{2})[ \r]/.exec(head)?.[1]
        head = undefined
        if (status !== "200") return fail(`answers ${status ?? "not in HTTP"} (${firstLine(piece)})`)
      }
      if (!take(piece)) fail("sends more than the proxy would")
    })
    socket.on("end", () => (head === undefined ? resume(Effect.void) : fail("ended without an answer")))
    socket.on("error", (error) => fail("code" in error ? explain(String(error.code)) : error.message))
    socket.write(`GET ${path} HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    return Effect.sync(() => socket.destroy())
  })

const firstLine = (body: string): string => /^[ -~]{0,300}/.exec(body)?.[0] ?? ""

const explain = (code: string): string => (code === "ECONNREFUSED" ? "takes no connections" : `fails (${code})`)

const noAnswer = (port: number, what: string): NoAnswer =>
  new NoAnswer({ message: `127.0.0.1:${port} ${what}; is the proxy running, with admin-port ${port}?` })
