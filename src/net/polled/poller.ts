/**
 * Poller: an event loop for sockets that are read and written by system calls, beside that of the runtime.
 *
 * The runtime's own sockets cost twice what a relay costs: an object and its finalizer for each, a buffer for each
 * chunk, seven changes to epoll(7) for a connection. Here a socket is a number, registered once, edge-triggered; all
 * that arrives comes into one arena.
 *
 * Two loops take turns. This one waits, also for the runtime's epoll, which is one of its descriptors; then it lets the
 * runtime do what it has to, and is called again as an immediate. So it must wake up for the runtime's timers.
 *
 * A turn has three rounds. First everything that has arrived is read, then each watcher is called, then what they wrote
 * is sent (write-batch.ts).
 */
import { type Shortfalls, unheard } from "../../flow/shortfalls.ts"

import { EAGAIN, type SocketCalls, wordsOfEvent, dataOfEvent } from "../sockets/socket-calls.ts"
import { errorName } from "../../system/load-libc.ts"
import { beginTurn, endTurn } from "../../system/turn-clock.ts"
import { WriteBatch } from "./write-batch.ts"
import { unnotedImmediate, untilNextTimer, watchTimers } from "./runtime-timers.ts"

/** Events of epoll(7). */
export const readable = 0x001
export const urgent = 0x002
export const writable = 0x004
export const broken = 0x008
export const hungUp = 0x010
export const peerHungUp = 0x2000
export const edgeTriggered = 0x8000_0000

const EPOLL_CTL_ADD = 1
const EPOLL_CTL_MOD = 3

/** After a short read there is nothing more to read, unless epoll reported one of these. */
export const more = urgent | broken | hungUp | peerHungUp
/** The events that a socket is read for. */
export const reading = readable | more

/** Not an epoll event: marks a socket that was requeued for this turn. */
export const requeuedEvent = 0x1000_0000

/** Events of one turn at most. Those of other sockets wait for the next turn, and come first there. */
export const maxEvents = 256

/** Milliseconds that a turn waits at most: for those of the runtime's timers that are not seen. */
export const maxWait = 250

/**
 * Sockets at most that are looked at every `lookEvery` milliseconds because epoll(7) did not take them: their clients
 * are let in, so that they can be refused in their own protocol.
 */
export const maxKept = 32
export const lookEvery = 50

/** Errors of epoll_ctl(2) that can pass. */
const scarce: ReadonlySet<string> = new Set(["ENOSPC", "ENOMEM"])

/** Bytes that are read at a time. */
export const chunkBytes = 64 * 1024

/** Room for all that arrives in one turn; an end that finds none is read in the second round. */
const arenaBytes = 8 * chunkBytes
const alignedBits = 6
const aligned = 1 << alignedBits
/** Places at the beginning of the arena whose views are kept: as many as small chunks of a busy turn take. */
const maxViews = 512

/** The owner of a descriptor. `slot` names the event in its turn. */
export interface Watcher {
  /** The first round: may read into the arena, and does nothing else. */
  readonly prefetch: (events: number, slot: number) => void
  /** The second round; must not throw. */
  readonly ready: (events: number, slot: number) => void
}

/** Says that `prefetch` has not read. */
export const unread = -0x8000_0000

export class Poller {
  readonly libc: SocketCalls
  readonly batch: WriteBatch
  /** Hears what the kernel does not give. */
  shortfalls: Shortfalls = unheard
  private readonly epoll: number
  private readonly arena = new Uint8Array(arenaBytes)
  private readonly arenaAt: number
  private used = 0
  /**
   * The views that were lent last, by their place in the arena. Where chunks are as long as those of the turn before, as
   * many messages are, none is made: 15 ns instead of 55, and 30 less for the collector, which has to list each.
   */
  private readonly views: Array<Uint8Array | undefined> = Array.from({ length: maxViews }, () => undefined)
  private readonly events = new Uint32Array(maxEvents * wordsOfEvent)
  /**
   * By descriptor: its watcher, and how often it was registered, so that an event for its previous owner is dropped.
   */
  private readonly watchers: Array<Watcher | undefined> = []
  private generations = new Uint32Array(1024)
  private watched = 0
  /** Descriptors that epoll(7) did not take, and the events that they wait for. */
  private readonly kept = new Map<number, number>()
  private running = false
  // The events of this turn, by slot.
  private readonly whose: Array<Watcher | undefined> = Array.from({ length: maxEvents }, () => undefined)
  private readonly masks = new Uint32Array(maxEvents)
  private readonly starts = new Int32Array(maxEvents)
  private readonly lengths = new Int32Array(maxEvents)
  /** Watchers that have a turn next time, whatever happens; and their events. */
  private requeued: Array<Watcher> = []
  private requeuedMasks: Array<number> = []

  /** `runtimes` is the runtime's epoll, from which this loop is woken. Both must be open for good. */
  constructor(libc: SocketCalls, epoll: number, runtimes: number, addressOf: (bytes: Uint8Array) => number) {
    this.libc = libc
    this.epoll = epoll
    this.arenaAt = addressOf(this.arena)
    this.batch = new WriteBatch(addressOf)
    watchTimers()
    libc.epollControl(epoll, EPOLL_CTL_ADD, runtimes, readable, runtimes, 0)
  }

  /**
   * Calls `watcher` for a descriptor's events until the descriptor is closed. Returns 0, or an errno as a negative
   * number. With `keep` a socket that epoll(7) does not take is looked at every `lookEvery` milliseconds, and offered
   * again.
   */
  register(fd: number, events: number, watcher: Watcher, keep = false): number {
    const generation = this.nextGeneration(fd)
    const result = this.libc.epollControl(this.epoll, EPOLL_CTL_ADD, fd, events, fd, generation)
    if (result < 0 && !this.keeps(fd, events, keep, result)) return result
    this.watchers[fd] = watcher
    this.watched++
    if (!this.running) {
      this.running = true
      unnotedImmediate(this.turn)
    }
    return 0
  }

  /** Asks for other events of a descriptor, from now on. */
  reregister(fd: number, events: number): void {
    this.libc.epollControl(this.epoll, EPOLL_CTL_MOD, fd, events, fd, this.generations[fd]!)
  }

  /** Forgets a descriptor that is about to be closed; the close is all that epoll needs. */
  deregister(fd: number): void {
    this.watchers[fd] = undefined
    this.watched--
    if (this.kept.size > 0) this.kept.delete(fd)
  }

  private keeps(fd: number, events: number, keep: boolean, result: number): boolean {
    const code = errorName(-result)
    const room = this.kept.size < maxKept && scarce.has(code)
    // A caller that does not ask for `keep` reports to its client itself.
    this.shortfalls.cannotWatch(code, room || !keep)
    if (!keep || !room) return false
    this.kept.set(fd, events)
    if (this.kept.size === 1) setTimeout(this.look, lookEvery)
    return true
  }

  /**
   * Offers the kept sockets to epoll(7) again; those that it still does not take may have something to read, or to
   * write.
   */
  private readonly look = (): void => {
    for (const [fd, events] of this.kept) {
      const result = this.libc.epollControl(this.epoll, EPOLL_CTL_ADD, fd, events, fd, this.generations[fd]!)
      if (result < 0) this.requeue(this.watchers[fd]!, readable | writable)
      else this.kept.delete(fd)
    }
    if (this.kept.size > 0) setTimeout(this.look, lookEvery)
  }

  /** Has `events` happen to a watcher in the next turn. */
  requeue(watcher: Watcher, events: number): void {
    this.requeued.push(watcher)
    this.requeuedMasks.push(events)
  }

  /**
   * Reads from a descriptor into the arena, if it has room; only in the first round. Returns what `prefetched` will.
   */
  prefetch(fd: number, slot: number): number {
    const start = this.used
    // The last chunk's room is for those that read in the second round.
    if (start > arenaBytes - 2 * chunkBytes) return unread
    const count = this.libc.receive(fd, this.arenaAt + start, chunkBytes)
    this.starts[slot] = start
    this.lengths[slot] = count
    if (count > 0) this.used = (start + count + aligned - 1) & -aligned
    return count
  }

  /** Returns what `prefetch` did: a count of bytes, 0 at their end, an errno as a negative number, or `unread`. */
  prefetched(slot: number): number {
    return this.lengths[slot]!
  }

  /** Returns the bytes that `prefetch` read, valid until the next turn. */
  chunk(slot: number): Uint8Array {
    const start = this.starts[slot]!
    const length = this.lengths[slot]!
    const place = start >> alignedBits
    const before = this.views[place]
    if (before !== undefined && before.length === length) return before
    const view = new Uint8Array(this.arena.buffer, start, length)
    if (place < maxViews) this.views[place] = view
    return view
  }

  /** Reads at once; `received` are the bytes, until the next call. */
  receive(fd: number): number {
    return this.libc.receive(fd, this.arenaAt + arenaBytes - chunkBytes, chunkBytes)
  }

  received(count: number): Uint8Array {
    return new Uint8Array(this.arena.buffer, arenaBytes - chunkBytes, count)
  }

  private nextGeneration(fd: number): number {
    if (fd >= this.generations.length) {
      const grown = new Uint32Array(Math.max(fd + 1, 2 * this.generations.length))
      grown.set(this.generations)
      this.generations = grown
    }
    return ++this.generations[fd]!
  }

  private readonly turn = (): void => {
    try {
      const count = this.poll()
      beginTurn()
      this.dispatch(count)
    } finally {
      endTurn()
      this.running = this.watched > 0
      if (this.running) unnotedImmediate(this.turn)
    }
  }

  /** Dispatches the first `count` slots. */
  private dispatch(count: number): void {
    this.used = 0
    for (let slot = 0; slot < count; slot++) {
      this.lengths[slot] = unread
      this.whose[slot]!.prefetch(this.masks[slot]!, slot)
    }
    const { batch } = this
    // With a single event there is nothing to wait for.
    batch.isOpen = count > 1
    for (let slot = 0; slot < count; slot++) {
      const watcher = this.whose[slot]!
      this.whose[slot] = undefined
      watcher.ready(this.masks[slot]!, slot)
    }
    batch.isOpen = false
    batch.flush()
  }

  /** Waits, and fills the slots: first with the requeued watchers. Returns how many slots are filled. */
  private poll(): number {
    const { whose, masks } = this
    let count = 0
    if (this.requeued.length > 0) {
      const going = this.requeued
      const goingMasks = this.requeuedMasks
      this.requeued = going.length > maxEvents / 2 ? going.splice(maxEvents / 2) : []
      this.requeuedMasks = going.length < goingMasks.length ? goingMasks.splice(going.length) : []
      for (let i = 0; i < going.length; i++) {
        whose[count] = going[i]
        masks[count++] = goingMasks[i]!
      }
    }
    const wait = count > 0 ? 0 : untilNextTimer(maxWait)
    // A signal that ends the wait is the runtime's to see.
    const ready = this.libc.epollWait(this.epoll, this.events, maxEvents - count, wait)
    for (let i = 0; i < ready; i++) {
      const at = i * wordsOfEvent
      const fd = this.events[at + dataOfEvent]!
      const watcher = this.watchers[fd]
      if (watcher === undefined || this.generations[fd] !== this.events[at + dataOfEvent + 1]) continue
      whose[count] = watcher
      masks[count++] = this.events[at]!
    }
    return count
  }
}

/** Whether a call would have had to wait. */
export const wouldBlock = (result: number): boolean => result === -EAGAIN
