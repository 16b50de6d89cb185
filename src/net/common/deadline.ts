/**
 * Deadline: `setTimeout` for waits that nearly always end early.
 *
 * A proxy arms several deadlines per connection and almost none ever fires. All deadlines of one duration expire in
 * the order in which they were armed, so each duration has one queue and one native timer for the queue's head:
 * arming and cancelling are a few pointer writes. Durations come from settings, so there are few queues.
 *
 * A deadline never keeps the process alive, fires at most once, and is never re-armed.
 */

import { IntrusiveList, type ListNode } from "./intrusive-list.ts"

/** The owner of a deadline. One with two deadlines knows which of them is armed, or has an object for one of them. */
export interface Expires {
  /** The deadline is over: it is no longer armed. */
  readonly expire: () => void
}

/** An armed deadline; its owner must `cancel` it when the wait is over. */
export interface Deadline extends ListNode<Deadline> {
  readonly queue: Queue
  readonly at: number
  readonly owner: Expires
  armed: boolean
}

class Queue extends IntrusiveList<Deadline> {
  readonly milliseconds: number
  timer: ReturnType<typeof setTimeout> | undefined = undefined

  constructor(milliseconds: number) {
    super()
    this.milliseconds = milliseconds
  }
}

const queues = new Map<number, Queue>()

/**
 * Has `owner` expire once, `milliseconds` from now, unless the deadline is cancelled first. Every connection has several:
 * a closure each would cost as much as the deadline, so it calls a method. `now` spares a reading of the monotonic clock
 * where the caller has just read it.
 */
export const after = (milliseconds: number, owner: Expires, now = performance.now()): Deadline => {
  let queue = queues.get(milliseconds)
  if (queue === undefined) {
    queue = new Queue(milliseconds)
    queues.set(milliseconds, queue)
  }
  const deadline: Deadline = {
    queue,
    at: now + milliseconds,
    owner,
    previous: undefined,
    next: undefined,
    armed: true,
  }
  queue.add(deadline)
  if (queue.timer === undefined) wake(queue, milliseconds)
  return deadline
}

/** Forgets a deadline; harmless when it has fired or was cancelled before. */
export const cancel = (deadline: Deadline | undefined): void => {
  if (deadline === undefined || !deadline.armed) return
  deadline.armed = false
  deadline.queue.remove(deadline)
}

/** Returns when the next deadline is due, on the monotonic clock; undefined when none is armed. Looks at every duration. */
export const nextDue = (): number | undefined => {
  let next: number | undefined
  for (const { first } of queues.values()) if (first !== undefined && !(next! <= first.at)) next = first.at
  return next
}

/** Forgets every deadline, so that none of them fires: a test that puts another clock in its place begins anew. */
export const forgetAll = (): void => {
  for (const { timer } of queues.values()) clearTimeout(timer)
  queues.clear()
}

const wake = (queue: Queue, milliseconds: number): void => {
  queue.timer = setTimeout(expire, milliseconds, queue)
  queue.timer.unref()
}

const expire = (queue: Queue): void => {
  const now = performance.now()
  try {
    // A native timer may come a fraction of a millisecond early; such a deadline counts as due.
    while (queue.first !== undefined && queue.first.at <= now + 1) {
      const due = queue.first
      cancel(due)
      due.owner.expire()
    }
  } finally {
    // Also when one of them throws: the others must not sleep for its sake. And not before: what a deadline arms while
    // it fires is the last of the queue, and must not have the queue sleep past those that are due before it.
    queue.timer = undefined
    if (queue.first !== undefined) wake(queue, Math.max(1, queue.first.at - now))
  }
}
