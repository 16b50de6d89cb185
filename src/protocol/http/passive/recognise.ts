/**
 * Recognise: whether bytes that are carried unread are HTTP/1, judged by the first few.
 */
import { ASTERISK, CR, LOWER_CASE, SLASH, SP } from "../../ascii.ts"
import { leadingEmptyLines } from "../scan.ts"

import { endOfMethod, spells } from "./start-lines.ts"

/** The schemes of absolute-form targets (RFC 9112 section 3.2.2). */
const schemes: ReadonlyArray<string> = ["http://", "https://", "ws://", "wss://"]

/** What a client sends first that speaks HTTP/2 without asking (RFC 9113 section 3.4). */
const http2Preface = "PRI * HTTP/2.0"

/**
 * Whether a client's first bytes can be HTTP/1: "http" for a method, a space and the beginning of a target, "perhaps"
 * while more bytes are needed to tell, "other" for what is none. A word and a space alone are not enough: `EHLO host` and
 * `GET key` are other protocols. The preface of HTTP/2 is "other".
 */
export const looksLikeHttp = (bytes: Uint8Array): "http" | "perhaps" | "other" => {
  const start = leadingEmptyLines(bytes)
  const end = bytes.length
  const methodEnd = endOfMethod(bytes, start, end)
  if (methodEnd === -1) return bytes.length - start === 1 && bytes[start] === CR && start < 4 ? "perhaps" : "other"
  const target = methodEnd + 1
  if (target >= end) return "perhaps"
  if (spells(bytes, start, methodEnd, "CONNECT")) return bytes[target]! > SP ? "http" : "other"
  if (spells(bytes, start, methodEnd, "PRI")) return judgePreface(bytes, start)
  if (bytes[target] === SLASH || bytes[target] === ASTERISK) return "http"
  let can: "perhaps" | "other" = "other"
  for (const scheme of schemes) {
    const common = commonLength(bytes, target, scheme)
    if (common === scheme.length) return "http"
    if (target + common === end) can = "perhaps"
  }
  return can
}

const judgePreface = (bytes: Uint8Array, start: number): "http" | "perhaps" | "other" => {
  const length = Math.min(bytes.length - start, http2Preface.length)
  for (let i = 0; i < length; i++) if (bytes[start + i] !== http2Preface.charCodeAt(i)) return "http"
  return length === http2Preface.length ? "other" : "perhaps"
}

/** How many bytes from `start` on are those of `text`, which has small letters, in any case. */
const commonLength = (bytes: Uint8Array, start: number, text: string): number => {
  let i = 0
  while (i < text.length && start + i < bytes.length && (bytes[start + i]! | LOWER_CASE) === text.charCodeAt(i)) i++
  return i
}
