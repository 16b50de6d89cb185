/** Fake kernel: epoll(7) and recv(2) for a poller, by a list of what each turn finds. */
import { expect } from "bun:test"
import { constants } from "node:os"

import { Poller, readable, type Watcher } from "../../src/net/polled/poller.ts"
import { dataOfEvent, type SocketCalls, wordsOfEvent } from "../../src/net/sockets/socket-calls.ts"

const { EAGAIN } = constants.errno

const epoll = 1000
const runtimes = 1001
/** Where the poller believes that its arena is. */
const base = 0x1000

interface Happening {
  readonly fd: number
  readonly generation: number
  readonly events: number
}

/** A kernel that reports the events that it was given, one list a turn, and never waits. */
class FakeKernel {
  /** What each turn finds. */
  readonly turns: Array<ReadonlyArray<Happening> | number> = []
  /** What each wait was asked for. */
  readonly waits: Array<{ readonly most: number; readonly milliseconds: number }> = []
  readonly watched: Array<{ operation: number; fd: number; events: number; generation: number }> = []
  /** What a descriptor has to read: bytes, or what recv(2) returns. */
  readonly inputs = new Map<number, Uint8Array | number>()
  memory: Uint8Array = new Uint8Array(0)
  answer = 0

  epollControl(_epoll: number, operation: number, fd: number, events: number, low: number, generation: number): number {
    if (fd === runtimes) return 0
    expect(low).toBe(fd)
    if (this.answer === 0) this.watched.push({ operation, fd, events, generation })
    return this.answer
  }

  epollWait(_epoll: number, into: Uint32Array, most: number, milliseconds: number): number {
    this.waits.push({ most, milliseconds })
    const turn = this.turns.shift() ?? []
    if (typeof turn === "number") return turn
    expect(turn.length).toBeLessThanOrEqual(most)
    for (const [i, { fd, generation, events }] of turn.entries()) {
      const at = i * wordsOfEvent
      into[at] = events
      into[at + dataOfEvent] = fd
      into[at + dataOfEvent + 1] = generation
    }
    return turn.length
  }

  receive(fd: number, into: number, length: number): number {
    const input = this.inputs.get(fd) ?? -EAGAIN
    if (typeof input === "number") return input
    expect(input.length).toBeLessThanOrEqual(length)
    this.memory.set(input, into - base)
    return input.length
  }

  /** The event that epoll(7) has for a descriptor as it is watched now. */
  happens(fd: number, events = readable): Happening {
    const { generation } = this.watched.findLast((each) => each.fd === fd)!
    return { fd, generation, events }
  }
}

/** A poller over such a kernel, and watchers that note what they hear. */
export const makePoller = () => {
  const kernel = new FakeKernel()
  const addressOf = (memory: Uint8Array): number => {
    if (kernel.memory.length === 0) kernel.memory = memory
    return base
  }
  const poller = new Poller(kernel as unknown as SocketCalls, epoll, runtimes, addressOf)
  const heard: Array<string> = []
  const watching: Array<number> = []
  const watcher = (name: string, ready: (slot: number) => void = () => {}, fd = -1): Watcher => ({
    prefetch: (events, slot) => {
      if (fd >= 0 && (events & readable) !== 0) poller.prefetch(fd, slot)
    },
    ready: (events, slot) => {
      heard.push(`${name} ${events}`)
      ready(slot)
    },
  })
  const watch = (fd: number, by: Watcher, keep = false): number => {
    const result = poller.register(fd, readable, by, keep)
    if (result >= 0) watching.push(fd)
    return result
  }
  const deregister = (fd: number): void => {
    watching.splice(watching.indexOf(fd), 1)
    poller.deregister(fd)
  }
  return {
    kernel,
    poller,
    watcher,
    watch,
    keep: (fd: number, by: Watcher) => watch(fd, by, true),
    deregister,
    /** What was heard since it was last asked. */
    heard: () => heard.splice(0),
    /** The loop ends when nobody watches anything. */
    [Symbol.dispose]: () => watching.slice().forEach(deregister),
  }
}

/** Waits for `count` turns: each is an immediate. */
export const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
