/**
 * Probes: the HTTP server of the health listener, for requests without a body: what kubelet, Prometheus and curl send.
 *
 * The health listener is on every address, so anyone may come. `Bun.serve` takes as many connections as come: enough
 * silent ones take every descriptor of the process, and at that limit `accept` fails over and over without sleeping.
 * Here a few are open at once, and the oldest gives way to the next: a probe asks as soon as it is connected, so
 * connections that are held in silence keep nobody out.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import type { ListenFailed } from "../flow/listen-failed.ts"

import type { Handler } from "./router.ts"
import { type Served, served } from "./served.ts"

/** Connections at once. They live on descriptors that max-connections leaves free. */
export const maxVisitors = 16
/** Bytes of a request; kubelet and Prometheus send some two hundred. */
export const maxHead = 8192
/** Milliseconds for a request and its answer, and between two. */
export const visitTimeout = 10_000

/** Serves until the scope closes, which cuts off whoever is still there. A port of 0 takes a free one. */
export const serveProbes = (
  address: string,
  port: number,
  answer: Handler,
): Effect.Effect<Served, ListenFailed, Scope.Scope> =>
  served("health", address, port, () => listen(address, port, answer))

const listen = (hostname: string, port: number, answer: Handler): Bun.TCPSocketListener<Visitor> => {
  const visitors = new Set<Visitor>()
  return Bun.listen<Visitor>({
    hostname,
    port,
    allowHalfOpen: true,
    socket: {
      open(socket) {
        const [oldest] = visitors
        if (visitors.size >= maxVisitors) oldest?.leave()
        socket.data = new Visitor(socket, answer)
        visitors.add(socket.data)
      },
      data: (socket, chunk) => socket.data.hear(chunk),
      drain: (socket) => socket.data.write(),
      end: (socket) => socket.data.finish(),
      close(socket) {
        visitors.delete(socket.data)
        socket.data.gone()
      },
    },
  })
}

/** One connection. Its requests are answered one after another. */
class Visitor {
  private readonly socket: Bun.Socket<Visitor>
  private readonly answer: Handler
  private unread = ""
  /** Bytes of the answer that the kernel has not taken. */
  private unsent = Buffer.alloc(0)
  private answering = false
  /** After the present answer the connection ends. */
  private last = false
  private deadline: Timer

  constructor(socket: Bun.Socket<Visitor>, answer: Handler) {
    this.socket = socket
    this.answer = answer
    this.deadline = this.wait()
  }

  hear(chunk: Buffer): void {
    if (this.last) return
    this.unread += chunk.toString("latin1")
    this.next()
    // Who asks on while an answer is on its way is not waited for.
    if (this.answering && this.unread.length > maxHead) this.leave()
  }

  /** The peer has sent its FIN; what it asked for before is still answered. */
  finish(): void {
    this.last = true
    if (!this.answering) this.socket.shutdown()
  }

  write(): void {
    if (this.unsent.length > 0) this.unsent = this.unsent.subarray(Math.max(0, this.socket.write(this.unsent)))
    if (this.unsent.length > 0 || !this.answering) return
    this.answering = false
    if (this.last) return void this.socket.shutdown()
    clearTimeout(this.deadline)
    this.deadline = this.wait()
    this.next()
  }

  leave(): void {
    this.socket.terminate()
  }

  gone(): void {
    clearTimeout(this.deadline)
  }

  /** Starts the deadline. Bytes do not re-arm it: only a request that was answered buys more time. */
  private wait(): Timer {
    return setTimeout(() => this.leave(), visitTimeout).unref()
  }

  private next(): void {
    if (this.answering) return
    const end = this.unread.indexOf("\r\n\r\n")
    if (end < 0 && this.unread.length <= maxHead) return
    this.answering = true
    const request = end < 0 || end > maxHead ? undefined : parse(this.unread.slice(0, end))
    this.unread = request === undefined ? "" : this.unread.slice(end + 4)
    this.last ||= request === undefined || request.last
    void this.reply(request)
  }

  private async reply(asked: Probe | undefined): Promise<void> {
    const response =
      asked === undefined ? new Response("this is no request\n", { status: 400 }) : await this.answer(asked.request)
    const body = Buffer.from(await response.arrayBuffer())
    response.headers.set("Content-Length", String(body.length))
    response.headers.set("Connection", this.last ? "close" : "keep-alive")
    const fields = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join("")
    const head = `HTTP/1.1 ${response.status} ${reasons[response.status] ?? ""}\r\n${fields}\r\n`
    this.unsent = Buffer.concat([Buffer.from(head, "latin1"), asked?.headOnly === true ? empty : body])
    this.write()
  }
}

const empty = Buffer.alloc(0)

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  500: "Internal Server Error",
  503: "Service Unavailable",
}

interface Probe {
  /** GET where HEAD was asked for: the head of its answer, with the length of the body that stays away. */
  readonly request: Request
  readonly headOnly: boolean
  /** The client wants no other answer on this connection, or can have none: a body follows that nobody reads. */
  readonly last: boolean
}

const requestLine = /^([A-Z]{1,16}) (\/[!-~]*|http:\/\/[!-~]+) HTTP\/1\.([01])$/
const fieldLine = /^[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*$/

/** The request of a head; undefined when it is malformed. */
const parse = (head: string): Probe | undefined => {
  const [line = "", ...fields] = head.split("\r\n")
  const [, method, target = "", minor] = requestLine.exec(line) ?? []
  // A Request refuses these two by throwing.
  if (method === undefined || method === "CONNECT" || method === "TRACE") return undefined
  if (!fields.every((field) => fieldLine.test(field))) return undefined
  const has = (field: RegExp): boolean => fields.some((each) => field.test(each))
  const body = has(/^(content-length:[ \t]*(?!0[ \t]*$)|transfer-encoding:)/i)
  const url = target.startsWith("/") ? `http://localhost${target}` : target
  if (!URL.canParse(url)) return undefined
  const headOnly = method === "HEAD"
  const request = new Request(url, { method: headOnly ? "GET" : method })
  return { request, headOnly, last: minor === "0" || body || has(/^connection:.*\bclose\b/i) }
}
