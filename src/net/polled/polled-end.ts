/**
 * Polled end: a socket that is read and written by system calls when a poller says that it can be.
 *
 * Registered once, edge-triggered: epoll reports what is new, and the end remembers what it has not read yet.
 */
import { errorName } from "../../system/load-libc.ts"
import { nobody, type Receiver } from "../common/end.ts"
import { nameIn } from "../sockets/socket-address.ts"
import { socketAddressLength, socketOptions } from "../sockets/socket-calls.ts"
import { hasPeerFinished, isBroken, isFinished, isOpen, isPaused, type SocketName } from "../sockets/socket-end.ts"
import { keepAliveProbeAfter } from "../sockets/tcp-keep-alive.ts"
import {
  hasBacklog,
  hasBatchedWrite,
  isBlocked,
  isConnecting,
  isDone,
  isNoDelay,
  isPrefetched,
  isRequeued,
  isUnread,
  mayHaveNews,
  prefetchable,
  prefetchableUnlessRequeued,
  unfinished,
} from "./end-state.ts"
import {
  broken,
  chunkBytes,
  edgeTriggered,
  hungUp,
  more,
  peerHungUp,
  type Poller,
  readable,
  reading,
  requeuedEvent,
  unread,
  urgent,
  wouldBlock,
  writable,
} from "./poller.ts"
import { SocketWriter } from "./socket-writer.ts"

const interest = readable | urgent | writable | peerHungUp | edgeTriggered

/** Keep-alive of a connection: seconds between two probes, and how many may stay unanswered. */
const probeEvery = 1
const probes = 10

const name = new Uint8Array(socketAddressLength)

export class PolledEnd extends SocketWriter {
  /**
   * Makes the end of a connected socket; returns an errno as a negative number where the poller takes no more, and the
   * socket is closed then.
   */
  static accepted(poller: Poller, fd: number): PolledEnd | number {
    const end = new PolledEnd(poller, fd, nobody)
    // As the socket that it was accepted from.
    end.state |= isNoDelay
    return end.registered(true)
  }

  /** Makes the end of a socket that is connecting; `drain` is called when it has connected. */
  static connecting(poller: Poller, fd: number, receiver: Receiver): PolledEnd | number {
    const end = new PolledEnd(poller, fd, receiver)
    end.state |= isConnecting
    return end.registered()
  }

  /** Registers the end; `keep` is that of `Poller.register`. */
  private registered(keep = false): PolledEnd | number {
    const result = this.poller.register(this.fd, interest, this, keep)
    if (result < 0) {
      this.poller.libc.reset(this.fd)
      return result
    }
    this.opened()
    return this
  }

  /** Flushes first: what is written past this end must not overtake what the end has taken. */
  get descriptor(): number {
    if ((this.state & hasBatchedWrite) !== 0) this.poller.batch.flush()
    if ((this.state & (isOpen | hasBacklog)) !== isOpen) return -1
    this.ensureNoDelay()
    return this.fd
  }

  hasNews(asking: boolean): boolean {
    if (!this.open) return true
    const isInDoubt = (this.state & mayHaveNews) !== 0
    if (isInDoubt && (this.state & isPrefetched) !== 0) return true
    return (isInDoubt || asking) && !this.poller.libc.isQuiet(this.fd)
  }

  localName(): SocketName | undefined {
    return !this.open || this.poller.libc.localName(this.fd, name) < 0 ? undefined : nameIn(name)
  }

  remoteName(): SocketName | undefined {
    return !this.open || this.poller.libc.peerName(this.fd, name) < 0 ? undefined : nameIn(name)
  }

  pause(): void {
    this.state |= isPaused
  }

  resume(): void {
    if ((this.state & isPaused) === 0) return
    this.state &= ~isPaused
    if ((this.state & (isUnread | isOpen)) === (isUnread | isOpen)) this.requeue(readable | peerHungUp)
  }

  /**
   * Closes an end that is done both ways, once the peer is known to have everything, or to have reset the connection.
   */
  private settle(events: number): void {
    const error = (events & broken) === 0 ? 0 : this.poller.libc.takeError(this.fd)
    if (error !== 0) this.close(errorName(-error))
    else if (!this.isUncertain()) this.close(undefined)
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

  enableKeepAlive(): void {
    const { libc } = this.poller
    libc.set(this.fd, socketOptions.keepAliveIdle, keepAliveProbeAfter / 1000)
    libc.set(this.fd, socketOptions.keepAliveInterval, probeEvery)
    libc.set(this.fd, socketOptions.keepAliveCount, probes)
    libc.set(this.fd, socketOptions.keepAlive, 1)
  }

  prefetch(events: number, slot: number): void {
    if ((events & reading) !== 0) this.state |= mayHaveNews
    const mask = (events & requeuedEvent) === 0 ? prefetchableUnlessRequeued : prefetchable
    if ((events & readable) === 0 || (this.state & mask) !== isOpen) return
    const count = this.poller.prefetch(this.fd, slot)
    if (count === unread) return
    this.state |= isPrefetched
    if (wouldBlock(count)) this.state &= ~mayHaveNews
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

  /** The events that the end is read for now. */
  private interesting(): number {
    if ((this.state & isBroken) !== 0) return reading | requeuedEvent
    if ((this.state & hasPeerFinished) !== 0) return broken | hungUp
    // A requeued end is read in the next turn: what has come since must not give it a second turn in this one.
    return (this.state & isRequeued) === 0 ? reading : broken
  }

  private drain(): void {
    if ((this.state & hasBacklog) !== 0 && !this.flushBacklog()) return
    this.state &= ~isBlocked
    this.receiver.drain(this)
  }

  /** Ends the connecting: connected, or failed. False where there is nothing more to do. */
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

  /** Hands on what there is to read: at most two chunks, and the end behind them. */
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
      if (last === unread || count === chunkBytes || (events & more) !== 0) this.state |= mayHaveNews
      else this.state &= ~mayHaveNews
      this.receiver.data(this, last === unread ? poller.received(count) : poller.chunk(slot))
      if (count === chunkBytes || last === unread) return this.readOn(events)
      if ((events & more) === 0) return
      count = unread
    }
  }

  /**
   * Notes that there is something to read. A reset is reported at once all the same, and what came before the reset is
   * lost with it (RFC 9293 section 3.10.7.4): a receiver that has paused has no room for that, and may never have.
   */
  private readWhilePaused(events: number): void {
    if ((this.state & isBroken) === 0 && (events & broken) === 0) return void (this.state |= isUnread)
    const error = this.poller.libc.takeError(this.fd)
    // A write may have met the error, and taken it.
    this.close(error === 0 ? "EPIPE" : errorName(-error))
  }

  /** Reads on in the next turn: there may be more, or the end, but others come first. */
  private readOn(events: number): void {
    if (!this.open) return
    if ((this.state & isPaused) !== 0) this.readWhilePaused(events)
    else this.requeue(events | readable | peerHungUp)
  }

  private readNothing(result: number, events: number): void {
    if (!this.open) return
    this.state &= ~mayHaveNews
    // The kernel refused a write for a reason of its own, and the peer knows nothing of it.
    if (wouldBlock(result)) return (this.state & isBroken) === 0 ? undefined : this.close("EPIPE")
    if (result < 0) return this.close(errorName(-result))
    if ((this.state & isBroken) !== 0) return this.close("EPIPE")
    if ((this.state & isFinished) !== 0) {
      // After our own FIN the peer's closes the socket without an `ended` of its own, unless what was written, or our
      // FIN, still has to get there: an owner that waits for the peer's FIN must not wait for that.
      if ((this.state & (hasBacklog | hasBatchedWrite)) === 0 && !this.isUncertain()) return this.close(undefined)
      return this.peerFinished()
    }
    if ((this.state & hasPeerFinished) === 0) return this.peerFinished()
    // Both directions are closed, and ours not by us: a reset, whose error a write has met.
    if ((events & (broken | hungUp)) !== 0) this.close("EPIPE")
  }

  protected close(code: string | undefined): void {
    if (!this.open) return
    if (code !== undefined) this.lose()
    this.leavePoller()
    this.poller.libc.close(this.fd)
    this.closed(code)
  }

  private leavePoller(): void {
    this.poller.deregister(this.fd)
    this.dropBacklog()
  }
}
