/**
 * Polled end: a socket that is read and written by system calls when a poller says that it can be.
 *
 * It is registered once, edge-triggered: it is told of what is new, and has to know itself what it has not read yet.
 */
import { concat, empty } from "../../protocol/bytes.ts"

import { uncertainBytes } from "../common/delivery.ts"
import { nobody, type Receiver } from "../common/end.ts"
import { socketAddressLength, socketOptions } from "../sockets/socket-calls.ts"
import { errorName } from "../../system/load-libc.ts"
import {
  broken,
  chunkBytes,
  edgeTriggered,
  hungUp,
  peerHungUp,
  type Poller,
  readable,
  unread,
  urgent,
  type Watcher,
  wouldBlock,
  writable,
} from "./poller.ts"
import type { Sender } from "./write-batch.ts"
import { keepAliveProbeAfter } from "../sockets/tcp-keep-alive.ts"
import {
  firstSubclassBit,
  hasPeerFinished,
  isBroken,
  isFinished,
  isOpen,
  isPaused,
  SocketEnd,
  type SocketName,
} from "../sockets/socket-end.ts"
import { nameIn } from "../sockets/socket-address.ts"

const interest = readable | urgent | writable | peerHungUp | edgeTriggered

/** Behind a read that was not full there is more than nothing only if one of these was told. */
const more = urgent | broken | hungUp | peerHungUp
/** What a socket is read for. */
const reading = readable | more

/** It is not connected yet. */
const isConnecting = firstSubclassBit
/** A write was short: the next writable is for its receiver. */
const isBlocked = 2 * firstSubclassBit
/** It was told of something to read while it was paused. */
const isUnread = 4 * firstSubclassBit
/** Something of it lies in the arena: what is read now comes behind that. */
const isPrefetched = 8 * firstSubclassBit
/** It goes on in the next turn, whatever happens. */
const isRequeued = 16 * firstSubclassBit
/** Something that it wrote waits in the outbox. */
const hasBatchedWrite = 32 * firstSubclassBit
/** The kernel did not take all of that: the rest is among the `backlogs`. */
const hasBacklog = 64 * firstSubclassBit
/** It has sent something; and does not wait with what it sends until that is acknowledged (RFC 896). */
const hasSent = 128 * firstSubclassBit
const isNoDelay = 256 * firstSubclassBit
/** Something may have come that its receiver was not told: an event says so, or nobody has looked yet. */
const isUntold = 512 * firstSubclassBit

/** Not an event of epoll(7): the turn has come in which it goes on. */
const requeuedEvent = 0x1000_0000

/** Of these only the first: then it may be read in the first round. One that goes on may in the turn that it waits for. */
const prefetchable = isOpen | isPaused | isConnecting | isPrefetched | hasPeerFinished
const prefetchableBefore = prefetchable | isRequeued

/** Of these only the first two: both sides have finished, and our FIN goes with the close. */
const unfinished = isFinished | hasPeerFinished | hasBatchedWrite | hasBacklog
const isDone = isFinished | hasPeerFinished

/** What ends took that the kernel did not. Seldom, so they have no field for it. */
const backlogs = new Map<PolledEnd, Uint8Array>()

/** Keep-alive of a connection: seconds between two probes, and how many may stay unanswered. */
const probeEvery = 1
const probes = 10

const name = new Uint8Array(socketAddressLength)

export class PolledEnd extends SocketEnd implements Watcher, Sender {
  private readonly poller: Poller
  private readonly fd: number

  private constructor(poller: Poller, fd: number, receiver: Receiver) {
    super(receiver)
    this.poller = poller
    this.fd = fd
  }

  /** The end of a connected socket; an errno as a negative number where the poller takes no more, and then it is closed. */
  static accepted(poller: Poller, fd: number): PolledEnd | number {
    const end = new PolledEnd(poller, fd, nobody)
    // As the socket that it was accepted from.
    end.state |= isNoDelay
    return end.registered(true)
  }

  /** Likewise of one that is connecting. Its receiver is told of a `drain` when it is connected. */
  static connecting(poller: Poller, fd: number, receiver: Receiver): PolledEnd | number {
    const end = new PolledEnd(poller, fd, receiver)
    end.state |= isConnecting
    return end.registered()
  }

  /** `keep` is the poller's. */
  private registered(keep = false): PolledEnd | number {
    const result = this.poller.watch(this.fd, interest, this, keep)
    if (result < 0) {
      this.poller.libc.reset(this.fd)
      return result
    }
    this.opened()
    return this
  }

  /** What is written past this end must not overtake what it has taken. */
  get descriptor(): number {
    if ((this.state & hasBatchedWrite) !== 0) this.poller.batch.flush()
    if ((this.state & (isOpen | hasBacklog)) !== isOpen) return -1
    this.ensureNoDelay()
    return this.fd
  }

  hasNews(asking: boolean): boolean {
    if (!this.open) return true
    const isInDoubt = (this.state & isUntold) !== 0
    if (isInDoubt && (this.state & isPrefetched) !== 0) return true
    return (isInDoubt || asking) && !this.poller.libc.isQuiet(this.fd)
  }

  localName(): SocketName | undefined {
    return !this.open || this.poller.libc.localName(this.fd, name) < 0 ? undefined : nameIn(name)
  }

  remoteName(): SocketName | undefined {
    return !this.open || this.poller.libc.peerName(this.fd, name) < 0 ? undefined : nameIn(name)
  }

  write(bytes: Uint8Array, offset = 0): number {
    if ((this.state & (isOpen | isFinished | isBroken)) !== isOpen) return -1
    const { poller, fd } = this
    const length = bytes.length - offset
    if (length === 0) return 0
    if ((this.state & hasBacklog) === 0 && poller.batch.put(this, bytes, offset)) {
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

  /** Tells nobody of anything, now: the outbox is being emptied. */
  sendBatched(at: number, length: number): void {
    this.state &= ~hasBatchedWrite
    if (!this.open) return
    if (length === 0) return this.sendBatchedEnd()
    this.ensureNoDelay()
    const behind = (this.state & hasBacklog) === 0 ? undefined : backlogs.get(this)
    const count = behind === undefined ? this.poller.libc.sendFrom(this.fd, at, length) : 0
    if (count === length) return
    if (count < 0 && !wouldBlock(count)) {
      this.sent -= length
      return void this.refused()
    }
    const rest = this.poller.batch.copy(at, length).subarray(Math.max(0, count))
    backlogs.set(this, behind === undefined ? rest : concat(behind, rest))
    this.state |= hasBacklog
  }

  private sendBatchedEnd(): void {
    if ((this.state & hasBacklog) !== 0) return
    if ((this.state & hasPeerFinished) === 0 || this.isUncertain()) this.poller.libc.finish(this.fd)
    else this.requeue(0)
  }

  /**
   * Before anything is sent but the first, which nothing holds up anyway: a connection with one request needs no
   * TCP_NODELAY.
   */
  private ensureNoDelay(): void {
    if ((this.state & isNoDelay) !== 0) return
    if ((this.state & hasSent) !== 0) {
      this.state |= isNoDelay
      this.poller.libc.set(this.fd, socketOptions.noDelay, 1)
    }
    this.state |= hasSent
  }

  /** Sends what it had taken, as far as the kernel takes it; whether that is all. */
  private flushBacklog(): boolean {
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

  private refused(): number {
    this.state |= isBroken
    // What the peer sent before it broke is still there to be read; then it is told that it is closed.
    this.requeue(reading)
    return -1
  }

  private requeue(events: number): void {
    if ((this.state & isRequeued) !== 0) return
    this.state |= isRequeued
    this.poller.requeue(this, events | requeuedEvent)
  }

  pause(): void {
    this.state |= isPaused
  }

  resume(): void {
    if ((this.state & isPaused) === 0) return
    this.state &= ~isPaused
    if ((this.state & (isUnread | isOpen)) === (isUnread | isOpen)) this.requeue(readable | peerHungUp)
  }

  shutdown(): void {
    if ((this.state & (isOpen | isFinished)) !== isOpen) return
    this.state |= isFinished
    const { batch } = this.poller
    if ((this.state & (hasPeerFinished | hasBacklog)) === 0 && batch.put(this, empty, 0)) {
      this.state |= hasBatchedWrite
      return
    }
    if ((this.state & hasBatchedWrite) !== 0) batch.flush()
    if ((this.state & hasBacklog) === 0) this.finish()
  }

  /** Everything was sent; so is our FIN. */
  private finish(): void {
    // Nothing more can come that close(2) would answer with a reset: it sends what is left, and FIN, as shutdown(2)
    // does, and spares a wake-up for a socket that is done both ways.
    if ((this.state & hasPeerFinished) === 0 || this.isUncertain()) return this.poller.libc.finish(this.fd)
    this.close(undefined)
  }

  /**
   * Much was sent, and the peer has not acknowledged all of it. An end that is done both ways stays open then, until the
   * peer has, or has reset the connection: so it is known which.
   */
  private isUncertain(): boolean {
    return this.sent > uncertainBytes && this.poller.libc.unacknowledged(this.fd) > 0
  }

  /** It is done both ways. Closes when it is known whether the peer has everything. */
  private settle(events: number): void {
    const error = (events & broken) === 0 ? 0 : this.poller.libc.takeError(this.fd)
    if (error !== 0) this.close(errorName(-error))
    else if (!this.isUncertain()) this.close(undefined)
  }

  unacknowledged(): number {
    if (!this.open) return 0
    if ((this.state & hasBatchedWrite) !== 0) this.poller.batch.flush()
    const backlog = (this.state & hasBacklog) === 0 ? 0 : backlogs.get(this)!.length
    return backlog + this.poller.libc.unacknowledged(this.fd)
  }

  detach(): void {
    if (!this.open) return
    const left = this.unacknowledged()
    if ((this.state & (isFinished | hasBacklog | isBroken)) !== isFinished) return this.terminate()
    if (left > 0) this.poller.libc.boundDelivery(this.fd)
    this.lose()
    this.close(undefined)
  }

  terminate(): void {
    if (!this.open) return
    this.lose()
    this.leavePoller()
    this.poller.libc.reset(this.fd)
    this.closed(undefined)
  }

  /** What the peer has not acknowledged counts as sent no more. */
  private lose(): void {
    if (this.sent === 0) return
    const left = this.unacknowledged()
    const fin = (this.state & (isFinished | hasBacklog)) === isFinished ? 1 : 0
    this.sent -= Math.min(this.sent, Math.max(0, left - fin))
  }

  probe(): void {
    const { libc } = this.poller
    libc.set(this.fd, socketOptions.keepAliveIdle, keepAliveProbeAfter / 1000)
    libc.set(this.fd, socketOptions.keepAliveInterval, probeEvery)
    libc.set(this.fd, socketOptions.keepAliveCount, probes)
    libc.set(this.fd, socketOptions.keepAlive, 1)
  }

  prefetch(events: number, slot: number): void {
    if ((events & reading) !== 0) this.state |= isUntold
    const mask = (events & requeuedEvent) === 0 ? prefetchableBefore : prefetchable
    if ((events & readable) === 0 || (this.state & mask) !== isOpen) return
    const count = this.poller.prefetch(this.fd, slot)
    if (count === unread) return
    this.state |= isPrefetched
    if (wouldBlock(count)) this.state &= ~isUntold
  }

  ready(events: number, slot: number): void {
    this.state &= (events & requeuedEvent) === 0 ? ~isPrefetched : ~(isPrefetched | isRequeued)
    if (!this.open) return
    try {
      if ((this.state & unfinished) === isDone) return this.settle(events)
      if ((this.state & isConnecting) !== 0 && !this.connected(events)) return
      if ((events & writable) !== 0 && (this.state & (isBlocked | hasBacklog)) !== 0) this.drain()
      if (this.open && (events & this.interesting()) !== 0) this.read(events, slot)
    } catch (error) {
      this.defect(error)
    }
  }

  /** What it is to be read for, now. */
  private interesting(): number {
    if ((this.state & isBroken) !== 0) return reading | requeuedEvent
    if ((this.state & hasPeerFinished) !== 0) return broken | hungUp
    // It is read in the next turn: what has come since must not give it a second turn in this one.
    return (this.state & isRequeued) === 0 ? reading : broken
  }

  private drain(): void {
    if ((this.state & hasBacklog) !== 0 && !this.flushBacklog()) return
    this.state &= ~isBlocked
    this.receiver.drain(this)
  }

  /** It is, or has failed. False where there is nothing more to do. */
  private connected(events: number): boolean {
    if ((events & (broken | hungUp)) !== 0) {
      const error = this.poller.libc.takeError(this.fd)
      // A reset can overtake the news that the connection was made, and take its error with it.
      this.close(error === 0 ? "ECONNRESET" : errorName(-error))
      return false
    }
    if ((events & writable) === 0) return false
    this.state &= ~isConnecting
    this.receiver.drain(this)
    return this.open
  }

  /** Hands on what there is to read, at most two chunks and what ends them. */
  private read(events: number, slot: number): void {
    const { poller } = this
    let count = poller.prefetched(slot)
    let last = slot
    for (;;) {
      if (count === unread) {
        if (!this.open) return
        if ((this.state & isPaused) !== 0) return this.readWhilePaused(events)
        this.state &= ~isUnread
        count = poller.receive(this.fd)
        last = unread
      }
      if (count <= 0) return this.readNothing(count, events)
      this.received += count
      if (last === unread || count === chunkBytes || (events & more) !== 0) this.state |= isUntold
      else this.state &= ~isUntold
      this.receiver.data(this, last === unread ? poller.received(count) : poller.chunk(slot))
      if (count === chunkBytes || last === unread) return this.readOn(events)
      if ((events & more) === 0) return
      count = unread
    }
  }

  /**
   * It is paused. A reset is told at once all the same, and what came before it is lost with it (RFC 9293 3.10.7.4): who
   * has paused has no room for that, and may never have it.
   */
  private readWhilePaused(events: number): void {
    if ((this.state & isBroken) === 0 && (events & broken) === 0) return void (this.state |= isUnread)
    const error = this.poller.libc.takeError(this.fd)
    // A write may have been told of it, and have taken it.
    this.close(error === 0 ? "EPIPE" : errorName(-error))
  }

  /** There may be more, or the end of it, but others come first. */
  private readOn(events: number): void {
    if (!this.open) return
    if ((this.state & isPaused) !== 0) this.readWhilePaused(events)
    else this.requeue(events | readable | peerHungUp)
  }

  private readNothing(result: number, events: number): void {
    if (!this.open) return
    this.state &= ~isUntold
    // The kernel refused a write for a reason of its own, and the peer knows nothing of it.
    if (wouldBlock(result)) return (this.state & isBroken) === 0 ? undefined : this.close("EPIPE")
    if (result < 0) return this.close(errorName(-result))
    if ((this.state & isBroken) !== 0) return this.close("EPIPE")
    if ((this.state & isFinished) !== 0) {
      // After our own FIN the peer's closes the socket without an `ended` of its own, unless what was written, or our FIN,
      // still has to get there: who waits for the peer's FIN must not wait for that.
      if ((this.state & (hasBacklog | hasBatchedWrite)) === 0 && !this.isUncertain()) return this.close(undefined)
      return this.peerFinished()
    }
    if ((this.state & hasPeerFinished) === 0) return this.peerFinished()
    // Both directions are closed and it was not we who closed ours: a reset, whose error a write was told.
    if ((events & (broken | hungUp)) !== 0) this.close("EPIPE")
  }

  private close(code: string | undefined): void {
    if (!this.open) return
    if (code !== undefined) this.lose()
    this.leavePoller()
    this.poller.libc.close(this.fd)
    this.closed(code)
  }

  private leavePoller(): void {
    this.poller.deregister(this.fd)
    if ((this.state & hasBacklog) !== 0) backlogs.delete(this)
  }
}
