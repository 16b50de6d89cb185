/**
 * Follower: reads along with a connection whose bytes are carried verbatim, and tells which HTTP/1 requests were
 * made on it and what became of each.
 *
 * Fed copies of both directions; can change nothing, and holds up nothing. Lenient where the wire is, for what a server
 * made of a message has already happened. But it never guesses: where it is not certain where a message ends, it says why
 * and follows no further. Keeps a part of a head at most, and one small record for each request without its answer.
 */
import { Content } from "./content.ts"
import { type CutBy, FollowedRequest, type FollowerOwner } from "./followed.ts"
import { answerFraming, requestFraming } from "./framing.ts"
import { type HeadLimits, HeadReader, lenientHead as head } from "./head-reader.ts"
import { ProtocolSwitch } from "./protocol-switch.ts"
import { RequestQueue } from "./request-queue.ts"
import { RequestLine, StatusLine } from "./start-lines.ts"
import { malformed, overLimit, type Unreadable, unreadableIn } from "./unreadable.ts"

/** `maxHeadBytes` bounds a trailer section too. */
export interface FollowerLimits extends HeadLimits {
  /** Requests that may be without their whole answer at one time. */
  readonly maxPipelined: number
}

/** Requests without their whole answer that are followed by default: more than any client sends ahead. */
export const defaultMaxPipelined = 1024

/** Shared by all followers, as the head is: what was read is taken over before another line is. */
const requestLine = new RequestLine()
const statusLine = new StatusLine()

const inDoubt = malformed("a request: more of it, or another one, behind an answer instead of 100 (Continue)")
const unasked = malformed("the target answered what nobody asked")

export class HttpFollower {
  private readonly limits: FollowerLimits
  private readonly owner: FollowerOwner
  private readonly pending: RequestQueue
  /** Nothing more is read, and nothing more reported. */
  private isOver = false
  private clientEnded = false
  private targetEnded = false
  /** Whose FIN came first. */
  private firstToEnd: CutBy | undefined = undefined
  readonly requestHeads: HeadReader
  private readonly requestContent = new Content()
  /** The request whose content is being read. */
  private sending: FollowedRequest | undefined = undefined
  /** The request that has been answered before its head was whole. */
  private unfinished: FollowedRequest | undefined = undefined
  private readonly switching = new ProtocolSwitch()
  /** Why no more requests can be read; the answers of those before are followed first. */
  private requestsLost: Unreadable | undefined = undefined
  /** The client was answered while it waited for 100 (Continue): its next bytes may be content, or another request. */
  private isInDoubt = false
  readonly answerHeads: HeadReader
  private readonly answerContent = new Content()
  /** The request whose answer's content is being read. */
  private answering: FollowedRequest | undefined = undefined

  constructor(limits: FollowerLimits, owner: FollowerOwner) {
    this.limits = limits
    this.owner = owner
    this.pending = new RequestQueue(limits.maxPipelined)
    this.requestHeads = new HeadReader(requestLine, limits)
    this.answerHeads = new HeadReader(statusLine, limits)
  }

  /** Takes bytes that the client sent. They are lent for the call. `now` in milliseconds. */
  request(bytes: Uint8Array, now: number): void {
    let at = 0
    while (at < bytes.length && !this.isOver && this.requestsLost === undefined) {
      if (this.sending !== undefined) at = this.readRequestContent(this.sending, bytes, at, now)
      else if (this.switching.request !== undefined) at = this.hold(bytes, at)
      else at = this.readRequestHead(bytes, at, now)
    }
  }

  /** Takes bytes that the target sent, likewise. */
  response(bytes: Uint8Array, now: number): void {
    let at = 0
    while (at < bytes.length && !this.isOver) {
      if (this.answering !== undefined) at = this.readAnswerContent(this.answering, bytes, at, now)
      else at = this.readAnswerHead(bytes, at, now)
    }
    this.switching.tellRest(bytes, at, now)
  }

  /** The client sends no more (FIN). What it has sent may still be answered. */
  requestEnded(_now: number): void {
    if (this.isOver) return
    this.clientEnded = true
    this.firstToEnd ??= "client"
    // What was answered before it was whole gets no more.
    const { first } = this.pending
    if (first?.answerIsWhole === true) this.report(first)
  }

  /** The target sends no more (FIN): what ends with the connection is whole, the rest gets no answer. */
  responseEnded(now: number): void {
    if (this.isOver || this.targetEnded) return
    if (this.answering !== undefined && this.answerContent.endsWithConnection) this.endAnswer(this.answering, now)
    this.targetEnded = true
    this.firstToEnd ??= "target"
    this.cutAll(this.firstToEnd, now)
    // What is held, or the rest of a head that has been reported, is nothing that could still be told.
    if (this.switching.request !== undefined || this.unfinished !== undefined) this.stop()
  }

  /** The connection is over, by a reset or because both sides have ended: what is under way is cut by the first to end. */
  ended(by: CutBy, now: number): void {
    if (this.isOver) return
    this.cutAll(this.firstToEnd ?? by, now)
    if (!this.isOver) this.stop()
  }

  /** Bytes from the client that may pass unseen from here: what is left of content, Infinity where nothing is read. */
  get requestSkippable(): number {
    if (this.isOver || this.requestsLost !== undefined) return Infinity
    return this.sending === undefined || this.isInDoubt ? 0 : this.requestContent.skippable
  }

  /** Bytes from the target that may pass unseen from here, likewise; Infinity too for content that ends with it. */
  get responseSkippable(): number {
    if (this.isOver) return Infinity
    return this.answering === undefined ? 0 : this.answerContent.skippable
  }

  /** Notes that so many bytes from the client, at most `requestSkippable`, have passed unseen. */
  requestSkipped(count: number, now: number): void {
    const { sending } = this
    if (sending === undefined || this.requestsLost !== undefined) return
    this.requestContent.skip(count)
    this.noteRequestContent(sending, now)
  }

  /** Notes that so many bytes from the target, at most `responseSkippable`, have passed unseen. */
  responseSkipped(count: number, now: number): void {
    const { answering } = this
    if (answering === undefined) return
    this.answerContent.skip(count)
    this.noteAnswerContent(answering, now)
  }

  private readRequestHead(bytes: Uint8Array, at: number, now: number): number {
    const { requestHeads: heads } = this
    const next = heads.read(bytes, at)
    if (heads.problem !== undefined) this.loseRequests(unreadableIn("a request", heads.problem))
    else if (heads.isWhole) this.beginRequest(heads.bytes, now)
    return next
  }

  /** A request's head is whole: `head` and `requestLine` hold it. */
  private beginRequest(bytes: Uint8Array, now: number): void {
    const { unfinished, requestHeads: heads } = this
    const request = unfinished ?? new FollowedRequest(bytes, requestLine, now)
    const framing = requestFraming(head, requestLine.minor, request.method)
    if (typeof framing !== "number") return this.loseRequests(unreadableIn("a request", framing))
    const full = unfinished === undefined ? this.pending.add(request) : undefined
    if (full !== undefined) return this.loseRequests(full)
    this.unfinished = undefined
    request.takeHead(bytes, head, now)
    if (unfinished === undefined) request.recording = this.owner.record(request.isProbe, now)
    request.recording?.request.head(bytes, heads.start, heads.end, now)
    if (request.maySwitch && request.status === 0 && !this.targetEnded) this.switching.request = request
    this.requestContent.begin(framing, request.recording?.request)
    if (framing === 0) this.endRequest(request, now)
    else this.sending = request
  }

  private readRequestContent(request: FollowedRequest, bytes: Uint8Array, at: number, now: number): number {
    if (this.isInDoubt) {
      this.loseRequests(inDoubt)
      return at
    }
    const content = this.requestContent
    const next = content.read(bytes, at, this.limits.maxHeadBytes, now)
    this.noteRequestContent(request, now)
    if (content.problem !== undefined) this.loseRequests(unreadableIn("a request", content.problem))
    return next
  }

  private noteRequestContent(request: FollowedRequest, now: number): void {
    if (!request.isReported) request.bytesIn = this.requestContent.counted
    if (this.requestContent.done) this.endRequest(request, now)
  }

  private endRequest(request: FollowedRequest, now: number): void {
    this.sending = undefined
    request.requestIsWhole = true
    // Behind the target's FIN a request is sent in vain.
    if (this.targetEnded) this.cutAll(this.firstToEnd ?? "target", now)
    else if (request.answerIsWhole) this.report(request)
  }

  /** Keeps what may be requests, or something else. */
  private hold(bytes: Uint8Array, at: number): number {
    const { maxHeadBytes } = this.limits
    if (!this.switching.hold(bytes, at, maxHeadBytes))
      this.loseRequests(overLimit(`over ${maxHeadBytes} bytes behind a request to switch protocols, before its answer`))
    return bytes.length
  }

  private readAnswerHead(bytes: Uint8Array, at: number, now: number): number {
    const heads = this.answerHeads
    const next = heads.read(bytes, at)
    if (heads.problem === undefined && !heads.isWhole && heads.partial === 0) return next
    const asked = this.asked(now)
    if (asked === undefined) this.lose(unasked)
    else if (heads.problem !== undefined) this.lose(unreadableIn("an answer", heads.problem))
    else if (heads.isWhole) this.beginAnswer(asked, heads.bytes, now)
    return next
  }

  /** Whose answer comes next. It may be a request of which only the first line is there: a server may refuse it early. */
  private asked(now: number): FollowedRequest | undefined {
    const { first } = this.pending
    if (first !== undefined) return first.answerIsWhole ? undefined : first
    if (!this.requestHeads.parsePartial()) return undefined
    const request = new FollowedRequest(this.requestHeads.bytes, requestLine, now)
    request.recording = this.owner.record(false, now)
    this.requestHeads.tellPartial(request.recording?.request, now)
    this.unfinished = request
    this.pending.add(request)
    return request
  }

  /** An answer's head is whole: `head` and `statusLine` hold it. */
  private beginAnswer(asked: FollowedRequest, bytes: Uint8Array, now: number): void {
    const { status, minor } = statusLine
    if (status < 200 && status !== 101) {
      if (status === 100) asked.awaitsContinue = false
      return asked.recording?.interim(bytes, this.answerHeads.start, this.answerHeads.end, now)
    }
    asked.recording?.response.head(bytes, this.answerHeads.start, this.answerHeads.end, now)
    asked.status = status
    asked.answeredAt = now
    if (status === 101 || (asked.method === "CONNECT" && status < 300)) return this.switchProtocols(asked, bytes, now)
    const framing = answerFraming(head, minor, status, asked.method)
    if (typeof framing !== "number") return this.lose(unreadableIn("an answer", framing))
    this.isInDoubt = asked === this.sending && asked.awaitsContinue && this.requestContent.isUntouched
    this.answerContent.begin(framing, asked.recording?.response)
    if (framing === 0) this.endAnswer(asked, now)
    else this.answering = asked
    if (this.switching.request === asked) this.stay(now)
  }

  private switchProtocols(asked: FollowedRequest, bytes: Uint8Array, now: number): void {
    if (this.switching.request !== asked)
      return this.lose(malformed(`an answer: ${asked.status} to a request that did not ask for it`))
    const to = asked.status === 101 ? head.upgradeName(bytes) : "tunnel"
    asked.endedAt = now
    // What came of it before is lost where there was too much of it.
    if (asked.status === 101 && this.requestsLost === undefined) this.switching.begin(asked, now)
    // What could not be read behind the request was none: it belongs to what the connection becomes.
    this.requestsLost = undefined
    this.report(asked)
    this.stop()
    this.owner.upgraded(to)
  }

  /** What was held are requests after all. */
  private stay(now: number): void {
    this.request(this.switching.take(), now)
  }

  private readAnswerContent(request: FollowedRequest, bytes: Uint8Array, at: number, now: number): number {
    const next = this.answerContent.read(bytes, at, this.limits.maxHeadBytes, now)
    this.noteAnswerContent(request, now)
    const { problem } = this.answerContent
    if (problem !== undefined) this.lose(unreadableIn("an answer", problem))
    return next
  }

  private noteAnswerContent(request: FollowedRequest, now: number): void {
    request.bytesOut = this.answerContent.counted
    if (this.answerContent.done) this.endAnswer(request, now)
  }

  private endAnswer(request: FollowedRequest, now: number): void {
    this.answering = undefined
    request.answerIsWhole = true
    request.endedAt = now
    const getsNoMore = this.isInDoubt || this.clientEnded || this.requestsLost !== undefined
    if (request.requestIsWhole || getsNoMore) this.report(request)
  }

  /** Reports the first of the requests that wait. */
  private report(request: FollowedRequest): void {
    this.pending.shift()
    request.isReported = true
    this.owner.followed(request)
    if (this.requestsLost !== undefined && this.pending.first === undefined) this.lose(this.requestsLost)
  }

  /** Reports all that wait: what has not got its whole answer is cut. One of which no head was seen is no request yet. */
  private cutAll(by: CutBy, now: number): void {
    this.answering = undefined
    for (let { first } = this.pending; first !== undefined; { first } = this.pending) {
      if (!first.answerIsWhole) {
        first.cut = by
        first.endedAt = now
      }
      if (first.headIsWhole || first.status > 0) this.report(first)
      else this.pending.shift()?.recording?.abandon()
    }
  }

  /**
   * Reads no more requests. Whose answers are still to come is certain, though: they are followed to the last of them, or
   * a client could keep a request out of the log by what it sends behind it.
   */
  private loseRequests(why: Unreadable): void {
    this.requestsLost = why
    if (this.pending.first === undefined) this.lose(why)
    else if (this.pending.first.answerIsWhole) this.report(this.pending.first)
  }

  private lose(why: Unreadable): void {
    this.stop()
    this.owner.lost(why)
  }

  /** Reads no more, and reports nothing more. */
  stop(): void {
    this.isOver = true
    this.pending.clear()
    this.switching.take()
    this.sending = undefined
    this.answering = undefined
  }
}
