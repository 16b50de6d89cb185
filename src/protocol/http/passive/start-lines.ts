/**
 * Start lines: the first line of a request and of an answer (RFC 9112 sections 3 and 4), read leniently.
 *
 * Blanks too many, a target with a space in it, a status without a reason: none of them changes where a message ends, so
 * they are read as they are. Only what is no such line, or of another version, is a problem.
 */
import { HTAB, SP, ZERO } from "../../ascii.ts"
import { toLatin1 } from "../../bytes.ts"
import { isTokenByte } from "../fields.ts"
import { httpMinor, maxMethodBytes } from "../request.ts"

import type { StartLine } from "./head-reader.ts"
import { malformed, type Unreadable } from "./unreadable.ts"

const notHttp = malformed("not of HTTP/1")
const noVersion = malformed("no version of HTTP")
const otherVersion = malformed("a version of HTTP other than 1.0 and 1.1")
const noTarget = malformed("no target")
const noStatus = malformed("no status")

/** Length of `HTTP/1.1`. */
const versionBytes = 8

/** Reused: its spans are those of the bytes it parsed last. */
export class RequestLine implements StartLine {
  methodStart = 0
  methodEnd = 0
  targetStart = 0
  targetEnd = 0
  /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
  minor = 0

  /** Parses the line in `bytes[start, end)`, its line end left out; returns what is wrong, or undefined. */
  parse(bytes: Uint8Array, start: number, end: number): Unreadable | undefined {
    this.methodStart = start
    this.methodEnd = endOfMethod(bytes, start, end)
    if (this.methodEnd === -1 || this.methodEnd === end) return notHttp
    let last = end
    while (isBlank(bytes[last - 1]!)) last--
    const versionStart = last - versionBytes
    // HTTP/0.9 was a line without one: its answer has no head, and ends with the connection.
    const minor = versionStart > this.methodEnd ? httpMinor(bytes, versionStart) : undefined
    if (minor === undefined) return noVersion
    if (minor < 0) return otherVersion
    this.minor = minor
    let from = this.methodEnd
    let to = versionStart
    while (from < to && isBlank(bytes[from]!)) from++
    while (to > from && isBlank(bytes[to - 1]!)) to--
    this.targetStart = from
    this.targetEnd = to
    return from === to || !isBlank(bytes[versionStart - 1]!) ? noTarget : undefined
  }

  judgeBeginning(bytes: Uint8Array, length: number): Unreadable | undefined {
    return endOfMethod(bytes, 0, length) === -1 ? notHttp : undefined
  }
}

/** Reused, like RequestLine. */
export class StatusLine implements StartLine {
  status = 0
  /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
  minor = 0

  /** Parses the line in `bytes[start, end)`, its line end left out; returns what is wrong, or undefined. */
  parse(bytes: Uint8Array, start: number, end: number): Unreadable | undefined {
    const minor = end - start < versionBytes ? undefined : httpMinor(bytes, start)
    if (minor === undefined) return notHttp
    if (minor < 0) return otherVersion
    this.minor = minor
    let at = start + versionBytes
    while (at < end && isBlank(bytes[at]!)) at++
    const isSeparate = at > start + versionBytes
    const hundreds = bytes[at]! - ZERO
    const tens = bytes[at + 1]! - ZERO
    const ones = bytes[at + 2]! - ZERO
    const isStatus = hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9
    if (!isSeparate || !isStatus || (at + 3 < end && !isBlank(bytes[at + 3]!))) return noStatus
    this.status = hundreds * 100 + tens * 10 + ones
    return undefined
  }

  judgeBeginning(bytes: Uint8Array, length: number): Unreadable | undefined {
    const beginning = "HTTP/"
    for (let i = 0; i < length && i < beginning.length; i++) {
      if (bytes[i] !== beginning.charCodeAt(i)) return notHttp
    }
    return undefined
  }
}

/**
 * Where the method ends that begins at `start`: before a space, or at `end` when it may go on there; -1 when what stands
 * there is no method.
 */
export const endOfMethod = (bytes: Uint8Array, start: number, end: number): number => {
  let at = start
  while (at < end && isTokenByte(bytes[at]!)) at++
  if (at - start > maxMethodBytes) return -1
  return at === end || (bytes[at] === SP && at > start) ? at : -1
}

/** The methods of nearly all requests: naming one of these makes no string. */
const usualMethods: ReadonlyArray<string> = ["GET", "POST", "PUT", "HEAD", "PATCH", "DELETE", "OPTIONS", "CONNECT"]

/** The method in `bytes[start, end)`. */
export const methodName = (bytes: Uint8Array, start: number, end: number): string => {
  for (const method of usualMethods) if (spells(bytes, start, end, method)) return method
  return toLatin1(bytes, start, end)
}

/** Whether `bytes[start, end)` is `text`, in this case. */
export const spells = (bytes: Uint8Array, start: number, end: number, text: string): boolean => {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}

const isBlank = (byte: number): boolean => byte === SP || byte === HTAB
