/**
 * Followed: one request that was only watched, and what has become of it.
 */
import { ASTERISK, COLON, HASH, QUESTION_MARK, SLASH } from "../../ascii.ts"
import { toLatin1 } from "../../bytes.ts"
import type { CarriedRecording, ExchangeRecording } from "../../recording.ts"
import { isHealthCheck } from "../survey.ts"

import type { LenientHead } from "./lenient-head.ts"
import { methodName, type RequestLine } from "./start-lines.ts"
import { TextMemo } from "./text-memo.ts"
import type { Unreadable } from "./unreadable.ts"

/** Who ended a connection, or a direction of it, first; "proxy" for a deadline or a limit of ours. */
export type CutBy = "client" | "target" | "proxy"

/** One request and what has become of it, reported when its answer is whole, or when it will get no more. */
export interface Followed {
  readonly method: string
  /** Of an absolute-form target or of CONNECT, otherwise Host; without userinfo. */
  readonly authority: string | undefined
  /** The path without its query; `*` as it is; empty for CONNECT. */
  readonly path: string
  readonly version: "1.0" | "1.1"
  /** The final status; 0 when none came. */
  readonly status: number
  /** When its head was whole; with a part of it answered, when its first line was read. */
  readonly startedAt: number
  /** When the head of the final answer was whole. */
  readonly answeredAt: number | undefined
  /** When the answer was whole, or when it was certain that no more would come of it. */
  readonly endedAt: number
  /** Bytes of content, without chunk framing. */
  readonly bytesIn: number
  readonly bytesOut: number
  readonly isProbe: boolean
  /** As it was sent, if it is one (W3C Trace Context section 3.2). */
  readonly traceparent: string | undefined
  /** Who ended before it was answered in full; undefined when it was. */
  readonly cut: CutBy | undefined
  /** Whether each message was followed to its end. */
  readonly requestIsWhole: boolean
  readonly answerIsWhole: boolean
  /** Who has recorded it. Who hears of the request tells that it is over. */
  readonly recording: ExchangeRecording | undefined
  /** Who records what the connection has become behind its answer; bytes that came with that were told already. */
  readonly upgrade: CarriedRecording | undefined
}

export interface FollowerOwner {
  /** Asked once for each request, when its head is whole, or a part of it is answered: who records it, if anybody does. */
  readonly record: (isProbe: boolean, now: number) => ExchangeRecording | undefined
  /** Hears of each request once, in the order in which they were sent. */
  readonly followed: (request: Followed) => void
  /**
   * The connection cannot be followed from here on, and why. Where only requests cannot be, the answers to those
   * before are followed first. Called at most once; nothing is called after.
   */
  readonly lost: (why: Unreadable) => void
  /**
   * The connection has become something else behind an answer: `tunnel` for CONNECT, else what Upgrade names, or
   * `unknown`. Called at most once, after `followed`; nothing is called after.
   */
  readonly upgraded: (to: string) => void
}

/** Shared by all connections: what bytes say does not depend on who sends them. */
const texts = new TextMemo()

/** Belongs to the follower until it is reported, and is never changed after. */
export class FollowedRequest implements Followed {
  readonly method: string
  readonly version: "1.0" | "1.1"
  readonly path: string
  authority: string | undefined = undefined
  status = 0
  startedAt: number
  answeredAt: number | undefined = undefined
  endedAt = 0
  bytesIn = 0
  bytesOut = 0
  isProbe = false
  traceparent: string | undefined = undefined
  cut: CutBy | undefined = undefined
  recording: ExchangeRecording | undefined = undefined
  upgrade: CarriedRecording | undefined = undefined

  /** The one that was sent next. */
  next: FollowedRequest | undefined = undefined
  headIsWhole = false
  requestIsWhole = false
  answerIsWhole = false
  isReported = false
  /** The connection may become something else behind its answer: CONNECT, or an Upgrade field. */
  maySwitch: boolean
  /** Waits for 100 (Continue) before its content, and has not got it. */
  awaitsContinue = false

  /** Takes what its line says; `now` in milliseconds, like all times. */
  constructor(bytes: Uint8Array, line: RequestLine, now: number) {
    const { targetStart, targetEnd } = line
    this.method = methodName(bytes, line.methodStart, line.methodEnd)
    this.version = line.minor === 0 ? "1.0" : "1.1"
    this.startedAt = now
    this.maySwitch = this.method === "CONNECT"
    let pathStart = targetStart
    if (this.maySwitch) pathStart = targetEnd
    else if (bytes[targetStart] !== SLASH && bytes[targetStart] !== ASTERISK) {
      pathStart = afterAuthority(bytes, targetStart, targetEnd)
    }
    this.path = this.maySwitch ? "" : readPath(bytes, pathStart, targetEnd)
    if (pathStart > targetStart) this.authority = readAuthority(bytes, targetStart, pathStart)
  }

  /** Takes what the fields of its head say. */
  takeHead(bytes: Uint8Array, head: LenientHead, now: number): void {
    this.headIsWhole = true
    this.startedAt = now
    const { hostStart, hostEnd, userAgentStart, userAgentEnd, traceparentStart, traceparentEnd } = head
    if (this.authority === undefined && hostEnd > hostStart) this.authority = readAuthority(bytes, hostStart, hostEnd)
    this.isProbe = isHealthCheck(bytes, userAgentStart, userAgentEnd)
    this.traceparent = readTraceparent(bytes, traceparentStart, traceparentEnd)
    if (head.upgradeEnd > head.upgradeStart) this.maySwitch = true
    this.awaitsContinue = head.expects
  }
}

/** Where the path of an absolute-form target begins; its start where it is not of that form. */
const afterAuthority = (bytes: Uint8Array, start: number, end: number): number => {
  const scheme = schemeEnd(bytes, start, end)
  if (scheme === start) return start
  let at = scheme
  while (at < end && bytes[at] !== SLASH && bytes[at] !== QUESTION_MARK && bytes[at] !== HASH) at++
  return at
}

/** The offset behind `://`, if that stands among the first bytes; else `start`. */
const schemeEnd = (bytes: Uint8Array, start: number, end: number): number => {
  const last = Math.min(end, start + 16)
  for (let at = start; at + 2 < last; at++) {
    if (bytes[at] === COLON) return bytes[at + 1] === SLASH && bytes[at + 2] === SLASH ? at + 3 : start
  }
  return start
}

const readPath = (bytes: Uint8Array, start: number, end: number): string => {
  let to = start
  while (to < end && bytes[to] !== QUESTION_MARK && bytes[to] !== HASH) to++
  return to === start ? "/" : texts.read(bytes, start, to)
}

const AT = 0x40

/** The authority in `bytes[start, end)`, which may have its scheme before it. Userinfo may be a secret: it is left out. */
const readAuthority = (bytes: Uint8Array, start: number, end: number): string => {
  let from = schemeEnd(bytes, start, end)
  for (let at = from; at < end; at++) if (bytes[at] === AT) from = at + 1
  return texts.read(bytes, from, end)
}

const traceparentForm = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** Length of a traceparent of version 00. */
const traceparentBytes = 55

const readTraceparent = (bytes: Uint8Array, start: number, end: number): string | undefined => {
  if (end - start !== traceparentBytes) return undefined
  const text = toLatin1(bytes, start, end)
  return traceparentForm.test(text) ? text : undefined
}
