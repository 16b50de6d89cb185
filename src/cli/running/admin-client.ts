/**
 * Admin client: asks the admin listener of the proxy that runs on this machine, for commands that show what it does.
 *
 * By a plain socket, and HTTP/1.0, for the reasons that `ask` has. Records come as lines of JSON that may be long, and
 * lists of them are longer than memory should hold: `follow` gives each line as it comes and keeps none.
 */
import { connect } from "node:net"
import * as Effect from "effect/Effect"

import { answerTimeout, NoAnswer } from "./ask.ts"

/**
 * Characters of one line, and of one answer that is collected: a record with two bodies of 16 MiB each, every character
 * of which JSON writes as two, has half as many.
 */
export const maxLine = 128 * 1024 * 1024
/** Characters of the head of an answer. */
const maxHead = 64 * 1024

/** The body of `GET path`, which must be answered with 200 in time; with a token, what only its holders are shown. */
export const get = (port: number, path: string, token?: string): Effect.Effect<string, NoAnswer> =>
  collect(port, { method: "GET", path, token, body: "" })

/** The body of the answer to `PUT path`, which must be 200 and come in time. */
export const put = (port: number, path: string, body: string, token?: string): Effect.Effect<string, NoAnswer> =>
  collect(port, { method: "PUT", path, token, body })

/**
 * Calls `onLine` for every line of `GET path` until the answer ends, without its newline. While there is a promise of
 * `relief` nothing more is read: whoever cannot keep up has the proxy say so. Interruption hangs up.
 */
export const follow = (
  port: number,
  path: string,
  onLine: (line: string) => void,
  token?: string,
  relief: () => Promise<unknown> | undefined = () => undefined,
): Effect.Effect<void, NoAnswer> =>
  Effect.suspend(() => {
    const lines = new Lines(onLine)
    return stream(port, { method: "GET", path, token, body: "" }, (piece) => lines.add(piece), relief)
  })

/** Why there was no answer, for a command that needs the token of the proxy. */
export const whyRefused = ({ message, status }: NoAnswer, port: number): string =>
  status === 401
    ? `the proxy with admin-port ${port} shows records to the user that runs it only: run this as that user`
    : message

interface AdminRequest {
  readonly method: "GET" | "PUT"
  /** Starts with a slash. */
  readonly path: string
  readonly token: string | undefined
  readonly body: string
}

const collect = (port: number, request: AdminRequest): Effect.Effect<string, NoAnswer> =>
  Effect.suspend(() => {
    const pieces: Array<string> = []
    let length = 0
    const collected = stream(port, request, (piece) => {
      pieces.push(piece)
      length += piece.length
      return length <= maxLine
    })
    return collected.pipe(
      Effect.timeoutOrElse({
        duration: answerTimeout,
        orElse: () => Effect.fail(noAnswer(port, `did not answer within ${answerTimeout} ms`)),
      }),
      Effect.map(() => pieces.join("")),
    )
  })

/** Text in pieces → its lines. What comes is looked at once, however many pieces a line has. */
class Lines {
  private readonly onLine: (line: string) => void
  private begun: Array<string> = []
  private length = 0

  constructor(onLine: (line: string) => void) {
    this.onLine = onLine
  }

  /** False where a line is longer than any may be. */
  add(piece: string): boolean {
    let from = 0
    for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", from)) {
      this.begun.push(piece.slice(from, end))
      from = end + 1
      const line = this.begun.join("")
      this.begun = []
      this.length = 0
      if (line !== "") this.onLine(line)
    }
    this.begun.push(from === 0 ? piece : piece.slice(from))
    this.length += piece.length - from
    return this.length <= maxLine
  }
}

/** Gives the body of a 200 to `take`, piece by piece, until it ends or `take` wants no more. */
const stream = (
  port: number,
  request: AdminRequest,
  take: (piece: string) => boolean,
  relief: () => Promise<unknown> | undefined = () => undefined,
): Effect.Effect<void, NoAnswer> =>
  Effect.callback((resume) => {
    const socket = connect({ host: "127.0.0.1", port })
    let head: string | undefined = ""
    const fail = (what: string, status?: number): void => {
      socket.destroy()
      resume(Effect.fail(noAnswer(port, what, status)))
    }
    socket.setEncoding("utf8")
    socket.on("data", (chunk) => {
      if (socket.destroyed) return
      let piece = String(chunk)
      if (head !== undefined) {
        head += piece
        const end = head.indexOf("\r\n\r\n")
        if (end < 0) return head.length > maxHead ? fail("does not answer in HTTP") : undefined
        piece = head.slice(end + 4)
        const status = /^HTTP\/1\.[01] ([1-9][0-9]{2})[ \r]/.exec(head)?.[1]
        head = undefined
        if (status === undefined) return fail("answers not in HTTP")
        if (status !== "200") return fail(`answers ${status} (${firstLine(piece)})`, Number(status))
      }
      if (!take(piece)) return fail("sends more than the proxy would")
      const wait = relief()
      if (wait === undefined) return
      socket.pause()
      const goOn = (): void => void socket.resume()
      wait.then(goOn, goOn)
    })
    socket.on("end", () => (head === undefined ? resume(Effect.void) : fail("ended without an answer")))
    socket.on("error", (error) => fail("code" in error ? explain(String(error.code)) : error.message))
    socket.write(requestText(port, request))
    return Effect.sync(() => socket.destroy())
  })

const requestText = (port: number, { method, path, token, body }: AdminRequest): string => {
  const authorization = token === undefined ? "" : `Authorization: Bearer ${token}\r\n`
  const length = method === "GET" ? "" : `Content-Length: ${Buffer.byteLength(body)}\r\n`
  return `${method} ${path} HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\n${authorization}${length}\r\n${body}`
}

const firstLine = (body: string): string => /^[ -~]{0,300}/.exec(body)?.[0] ?? ""

const explain = (code: string): string => (code === "ECONNREFUSED" ? "takes no connections" : `fails (${code})`)

const noAnswer = (port: number, what: string, status?: number): NoAnswer => {
  const message = `127.0.0.1:${port} ${what}; is the proxy running, with admin-port ${port}?`
  return new NoAnswer(status === undefined ? { message } : { message, status })
}
