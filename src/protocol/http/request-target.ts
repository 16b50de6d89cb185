/**
 * Request target: where a request goes, in the four forms of RFC 9112 section 3.2.
 */
import { ASTERISK, LOWER_CASE, QUESTION_MARK, SLASH } from "../ascii.ts"
import { toLatin1 } from "../bytes.ts"
import { type Refusal, refusal } from "../refusal.ts"
import type { Target } from "../target.ts"

import { AuthorityMemo } from "./authority.ts"

export type TargetForm = "absolute" | "origin" | "asterisk" | "authority"

/** A request target that is valid. Spans are those of the bytes that were parsed. */
export interface RequestTarget {
  readonly form: TargetForm
  /** Where to go: the authority of an absolute-form or CONNECT request. Undefined for the other forms. */
  readonly target: Target | undefined
  readonly authorityStart: number
  readonly authorityEnd: number
  /** Path and query; empty when an absolute-form target has none. */
  readonly pathStart: number
  readonly pathEnd: number
}

/** Shared by all heads: what an authority means does not depend on who sends it. */
const authorities = new AuthorityMemo()

/** The port of `http` (RFC 9110 section 4.2.1). */
const httpPort = 80

const malformed = (detail: string): Refusal => refusal("malformed-request", detail)

/**
 * Judges the target in `bytes[start, end)`, which must not be empty. `isWebSocket`: the request is a GET that asks to
 * switch protocols, so it may name the scheme ws.
 */
export const requestTarget = (
  bytes: Uint8Array,
  start: number,
  end: number,
  method: string,
  isWebSocket: boolean,
): RequestTarget | Refusal => {
  if (method === "CONNECT") {
    // A missing port means 443: grpc-go sends a bare name for its default port (grpc-go#8607).
    const target = authorities.parse(bytes, start, end, 443)
    if (target === undefined) return malformed("CONNECT wants host:port")
    return { form: "authority", target, authorityStart: start, authorityEnd: end, pathStart: end, pathEnd: end }
  }
  if (bytes[start] === SLASH) return pathOnly("origin", start, end)
  if (end - start === 1 && bytes[start] === ASTERISK) {
    return method === "OPTIONS" ? pathOnly("asterisk", start, end) : malformed("* is for OPTIONS only")
  }
  // A WebSocket begins as a request of HTTP (RFC 6455 section 4.1), on the same port; some clients name it so.
  const authorityStart =
    afterScheme(bytes, start, end, "http://") ?? (isWebSocket ? afterScheme(bytes, start, end, "ws://") : undefined)
  if (authorityStart === undefined) return otherScheme(bytes, start, end)
  let pathStart = authorityStart
  while (pathStart < end && bytes[pathStart] !== SLASH && bytes[pathStart] !== QUESTION_MARK) pathStart++
  const target = authorities.parse(bytes, authorityStart, pathStart, httpPort)
  if (target === undefined) return malformed("invalid authority in the request target")
  return { form: "absolute", target, authorityStart, authorityEnd: pathStart, pathStart, pathEnd: end }
}

const pathOnly = (form: TargetForm, start: number, end: number): RequestTarget => ({
  form,
  target: undefined,
  authorityStart: start,
  authorityEnd: start,
  pathStart: start,
  pathEnd: end,
})

/** The offset after `scheme` in any case, or undefined. */
const afterScheme = (bytes: Uint8Array, start: number, end: number, scheme: string): number | undefined => {
  if (end - start <= scheme.length) return undefined
  for (let i = 0; i < scheme.length; i++) {
    if ((bytes[start + i]! | LOWER_CASE) !== (scheme.charCodeAt(i) | LOWER_CASE)) return undefined
  }
  return start + scheme.length
}

const otherScheme = (bytes: Uint8Array, start: number, end: number): Refusal => {
  const scheme = toLatin1(bytes, start, Math.min(end, start + 16)).split("://")
  return scheme.length > 1 && scheme[0] !== "" && scheme[0]!.toLowerCase() !== "http"
    ? refusal(
        "not-implemented",
        "only http:// can be requested in the clear, and ws:// as an upgrade; use CONNECT for https",
      )
    : malformed("invalid request target")
}
