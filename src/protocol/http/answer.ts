/**
 * Answer: what this proxy itself says to an HTTP client. Short, in plain text, echoing nothing that the client sent.
 */
import { fromLatin1 } from "../bytes.ts"
import { type Refusal, refusals } from "../refusal.ts"
import { closing, type RefusalForm } from "../refusal-reply.ts"

/** The answer to CONNECT: one write, no fields that would give the tunnel a body (RFC 9110 section 9.3.6). */
export const connectionEstablished = fromLatin1("HTTP/1.1 200 Connection Established\r\n\r\n")

const phrases: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  405: "Method Not Allowed",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  414: "URI Too Long",
  417: "Expectation Failed",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
}

/** Methods that are passed on as any other; RFC 9110 section 15.5.6 wants a 405 to name what is allowed. */
const allow = "Allow: CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n"

/** The whole answer for a refusal: its status, and its reason as Proxy-Status (RFC 9209). HEAD gets no body. */
export const answerRefusal = (refused: Refusal, form: RefusalForm = closing): Uint8Array => {
  const { status, proxyStatus, text } = refusals[refused.reason]
  const body = `pillion: ${text}\n`
  return fromLatin1(
    `HTTP/1.1 ${status} ${phrases[status]}\r\n` +
      `Proxy-Status: pillion; error=${proxyStatus}\r\n` +
      (status === 405 ? allow : "") +
      (form.close ? "Connection: close\r\n" : "") +
      `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n` +
      (form.body ? body : ""),
  )
}

/** OPTIONS with Max-Forwards 0 is for us (RFC 9110 section 7.6.2). */
export const answerOptions = (close: boolean): Uint8Array =>
  fromLatin1(`HTTP/1.1 200 OK\r\n${allow}${close ? "Connection: close\r\n" : ""}Content-Length: 0\r\n\r\n`)
