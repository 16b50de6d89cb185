/**
 * Origin connection: a connection to an origin server as exchanges use it, again and again while both sides agree.
 */
import { type ReaderLimits, ResponseReader } from "../../protocol/http/reader.ts"
import { Inbox } from "../../protocol/inbox.ts"

import { after, cancel, type Deadline, type Expires } from "../common/deadline.ts"
import type { End, Receiver } from "../common/end.ts"
import { discard } from "../common/linger.ts"

/** Hears an origin connection: the pairing that uses it, or the pool that keeps it for another. */
export interface OriginOwner {
  readonly originAnswered: (origin: OriginConnection) => void
  readonly originDrained: (origin: OriginConnection) => void
  /** The origin will send no more; its `code` says why when that was not in order. */
  readonly originEnded: (origin: OriginConnection) => void
  /** The connection was to `wait` for a next request, and none came in time. */
  readonly originExpired: (origin: OriginConnection) => void
}

/**
 * Milliseconds of rest after which the kernel is asked whether a connection is still what it was. To ask takes a
 * twentieth of what a request does; no origin closes a connection that has rested for less, and under load no other is
 * used: a client that speaks to eight origins in turn lets each rest for eight requests.
 */
export const askAfter = 200

/** Settings that a connection is made under; a reload makes another value. `Settings` has them. */
export interface OriginLimits extends ReaderLimits {
  /** Milliseconds after it was made that a connection may serve another client; 0 shares none. */
  readonly originReuse: number
  /** Connections that may wait for the next client. */
  readonly maxIdleOrigins: number
  /** Milliseconds for what is left once one side has ended, or takes nothing; given again while there is progress. */
  readonly halfCloseTimeout: number
}

export class OriginConnection implements Receiver, Expires {
  readonly end: End
  /** `host:port`: connections with the same key serve the same origin. */
  readonly key: string
  /** The address that was dialled. */
  readonly address: string | undefined
  owner: OriginOwner
  readonly madeAt = performance.now()
  /** The settings that held when the connection was asked for: by these it was permitted. */
  readonly madeUnder: OriginLimits
  /** Must serve no other client, for what it has carried. */
  unshareable = false
  /** The next connection below this one, while both wait in the pool. */
  below: OriginConnection | undefined = undefined
  /** Bytes that arrived and were not passed on yet. */
  readonly inbox = new Inbox()
  /** The heads of its answers. */
  readonly answers: ResponseReader
  /** Bytes of the request that the origin has not taken yet. */
  tail: Uint8Array | undefined = undefined
  /** Has answered before. Such a connection may be closing just now, which is nobody's fault. */
  used = false
  /** When the last answer was whole, on the monotonic clock. */
  private restedAt = 0
  /** Bytes of an answer to the present request have arrived. */
  answering = false
  /** The origin takes no more bytes: what is left of a request is thrown away, its answer may still come. */
  broken = false
  /** The origin has sent its FIN, or is gone. */
  finished = false
  /** Why the connection broke. */
  code: string | undefined = undefined
  private idleDeadline: Deadline | undefined = undefined

  constructor(
    end: End,
    address: string | undefined,
    key: string,
    owner: OriginOwner,
    madeUnder: OriginLimits,
    limits: () => OriginLimits,
    pseudonym: string,
  ) {
    this.end = end
    this.address = address
    this.answers = new ResponseReader(this.inbox, limits, pseudonym)
    this.key = key
    this.owner = owner
    this.madeUnder = madeUnder
    end.receiver = this
  }

  /**
   * Whether a connection at rest, which should be silent, is not: its end, or an answer that nobody asked for, is here.
   * `now` is on the monotonic clock; `asking` has the kernel asked whatever is known.
   */
  isStale(now: number, asking: boolean): boolean {
    return this.finished || this.broken || this.end.hasNews(asking || now - this.restedAt >= askAfter)
  }

  /** Sends bytes of a request; what is not taken becomes the tail. */
  send(bytes: Uint8Array): void {
    if (this.broken || bytes.length === 0) return
    const count = this.end.write(bytes)
    if (count < 0) this.broken = true
    else if (count < bytes.length) this.tail = bytes.slice(count)
  }

  /** Notes that its answer was whole, `now`: the connection can take another request. */
  rest(now: number): void {
    this.restedAt = now
    this.used = true
    this.answering = false
  }

  /** Starts the wait for a next request, `now`; its owner hears when none comes in time. */
  wait(keepAliveTimeout: number, now: number): void {
    this.idleDeadline = after(keepAliveTimeout, this, now)
  }

  expire(): void {
    this.owner.originExpired(this)
  }

  wake(): void {
    cancel(this.idleDeadline)
  }

  /** Ends a connection whose messages are whole: FIN behind what it has not taken yet, then a bounded wait for theirs. */
  release(): void {
    cancel(this.idleDeadline)
    discard(this.end, this.madeUnder.halfCloseTimeout, this.tail)
  }

  /** Ends a connection in the middle of something: the origin must not take what it got for complete. */
  abort(): void {
    cancel(this.idleDeadline)
    this.end.terminate()
  }

  data(_: End, chunk: Uint8Array): void {
    this.answering = true
    this.inbox.add(chunk)
    this.owner.originAnswered(this)
    this.inbox.keep()
  }

  drain(): void {
    if (this.tail === undefined) return
    const bytes = this.tail
    this.tail = undefined
    this.send(bytes)
    if (this.tail === undefined) this.owner.originDrained(this)
  }

  ended(): void {
    if (this.finished) return
    this.finished = true
    this.owner.originEnded(this)
  }

  closed(_: End, code: string | undefined): void {
    cancel(this.idleDeadline)
    if (this.finished) return
    this.finished = true
    this.broken = true
    this.code = code
    this.owner.originEnded(this)
  }
}
