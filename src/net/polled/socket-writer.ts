/**
 * Socket writer: the write side of a polled end.
 *
 * A small write in a turn of several events waits in the loop's write batch; a large one goes to the kernel at once.
 * What the kernel does not take of a batched write is the backlog: to the caller it counts as taken, so it is sent before
 * anything else. A base class, and not an object beside the end: that would be one more for each connection.
 */
import { concat, empty } from "../../protocol/bytes.ts"

import { uncertainBytes } from "../common/delivery.ts"
import type { Receiver } from "../common/end.ts"
import { socketOptions } from "../sockets/socket-calls.ts"
import { hasPeerFinished, isBroken, isFinished, isOpen, SocketEnd } from "../sockets/socket-end.ts"
import { hasBacklog, hasBatchedWrite, hasSent, isBlocked, isNoDelay, isRequeued } from "./end-state.ts"
import { type Poller, reading, requeuedEvent, type Watcher, wouldBlock } from "./poller.ts"
import type { Sender } from "./write-batch.ts"

/** Bytes that ends took and the kernel did not. Few ends have a backlog, so there is no field for it. */
const backlogs = new Map<SocketWriter, Uint8Array>()

export abstract class SocketWriter extends SocketEnd implements Sender, Watcher {
  protected readonly poller: Poller
  protected readonly fd: number

  protected constructor(poller: Poller, fd: number, receiver: Receiver) {
    super(receiver)
    this.poller = poller
    this.fd = fd
  }

  abstract prefetch(events: number, slot: number): void
  abstract ready(events: number, slot: number): void
  /** Closes the socket; `code` says why, and is absent after an orderly close. */
  protected abstract close(code: string | undefined): void

  write(bytes: Uint8Array, offset = 0): number {
    if ((this.state & (isOpen | isFinished | isBroken)) !== isOpen) return -1
    const { poller, fd } = this
    const length = bytes.length - offset
    if (length === 0) return 0
    if ((this.state & hasBacklog) === 0 && poller.batch.add(this, bytes, offset)) {
      this.state |= hasBatchedWrite
      this.sent += length
      return length
    }
    if ((this.state & hasBatchedWrite) !== 0) poller.batch.flush()
    if ((this.state & isBroken) !== 0) return -1
    this.ensureNoDelay()
    const count = (this.state & hasBacklog) === 0 ? poller.libc.send(fd, bytes, offset) : 0
    if (count < 0 && !wouldBlock(count)) return this.refused()
    const taken = Math.max(0, count)
    this.sent += taken
    if (taken < length) this.state |= isBlocked
    return taken
  }

  /** Calls no receiver: this runs while the batch is being flushed. */
  sendBatched(at: number, length: number): void {
    this.state &= ~hasBatchedWrite
    if (!this.open) return
    if (length === 0) return this.sendBatchedEnd()
    this.ensureNoDelay()
    const before = (this.state & hasBacklog) === 0 ? undefined : backlogs.get(this)
    const count = before === undefined ? this.poller.libc.sendFrom(this.fd, at, length) : 0
    if (count === length) return
    if (count < 0 && !wouldBlock(count)) {
      this.sent -= length
      return void this.refused()
    }
    const rest = this.poller.batch.copy(at, length).subarray(Math.max(0, count))
    backlogs.set(this, before === undefined ? rest : concat(before, rest))
    this.state |= hasBacklog
  }

  private sendBatchedEnd(): void {
    if ((this.state & hasBacklog) !== 0) return
    if ((this.state & hasPeerFinished) === 0 || this.isUncertain()) this.poller.libc.finish(this.fd)
    else this.requeue(0)
  }

  /**
   * Sets TCP_NODELAY before the second write. Nothing delays the first, so a connection with one request is spared the
   * call.
   */
  protected ensureNoDelay(): void {
    if ((this.state & isNoDelay) !== 0) return
    if ((this.state & hasSent) !== 0) {
      this.state |= isNoDelay
      this.poller.libc.set(this.fd, socketOptions.noDelay, 1)
    }
    this.state |= hasSent
  }

  /** Sends the backlog, as far as the kernel takes it; returns whether that is all, and the end still open. */
  protected flushBacklog(): boolean {
    const rest = backlogs.get(this)!
    this.ensureNoDelay()
    const count = this.poller.libc.send(this.fd, rest, 0)
    if (count < rest.length) {
      if (count > 0) backlogs.set(this, rest.subarray(count))
      else if (!wouldBlock(count)) this.refused()
      return false
    }
    backlogs.delete(this)
    this.state &= ~hasBacklog
    if ((this.state & isFinished) !== 0) this.finish()
    return this.open
  }

  protected dropBacklog(): void {
    if ((this.state & hasBacklog) !== 0) backlogs.delete(this)
  }

  private refused(): number {
    this.state |= isBroken
    // What the peer sent before it broke is still there to be read; after that the receiver hears that the end is
    // closed.
    this.requeue(reading)
    return -1
  }

  /** Has `events` happen to this end in the next turn. */
  protected requeue(events: number): void {
    if ((this.state & isRequeued) !== 0) return
    this.state |= isRequeued
    this.poller.requeue(this, events | requeuedEvent)
  }

  shutdown(): void {
    if ((this.state & (isOpen | isFinished)) !== isOpen) return
    this.state |= isFinished
    const { batch } = this.poller
    if ((this.state & (hasPeerFinished | hasBacklog)) === 0 && batch.add(this, empty, 0)) {
      this.state |= hasBatchedWrite
      return
    }
    if ((this.state & hasBatchedWrite) !== 0) batch.flush()
    if ((this.state & hasBacklog) === 0) this.finish()
  }

  /** Sends our FIN; everything before it was sent. */
  private finish(): void {
    // Nothing more can come that close(2) would answer with a reset: it sends what is left, and FIN, as shutdown(2)
    // does, and spares a wake-up for a socket that is done both ways.
    if ((this.state & hasPeerFinished) === 0 || this.isUncertain()) return this.poller.libc.finish(this.fd)
    this.close(undefined)
  }

  /**
   * Whether much was sent, and the peer has not acknowledged all of it. An end that is done both ways stays open then,
   * until the peer has, or has reset the connection: so it is known which.
   */
  protected isUncertain(): boolean {
    return this.sent > uncertainBytes && this.poller.libc.unacknowledged(this.fd) > 0
  }

  unacknowledged(): number {
    if (!this.open) return 0
    if ((this.state & hasBatchedWrite) !== 0) this.poller.batch.flush()
    const backlog = (this.state & hasBacklog) === 0 ? 0 : backlogs.get(this)!.length
    return backlog + this.poller.libc.unacknowledged(this.fd)
  }

  /** Takes what the peer has not acknowledged off the count of what was sent. */
  protected lose(): void {
    if (this.sent === 0) return
    const left = this.unacknowledged()
    const fin = (this.state & (isFinished | hasBacklog)) === isFinished ? 1 : 0
    this.sent -= Math.min(this.sent, Math.max(0, left - fin))
  }
}
