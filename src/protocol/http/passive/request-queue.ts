/**
 * RequestQueue: the requests of a connection that have not got all of their answer, in the order in which they were sent.
 */
import type { FollowedRequest } from "./followed.ts"
import { overLimit, type Unreadable } from "./unreadable.ts"

/**
 * What their texts may have in all, in characters. A path may be as long as a head: without this a client that sends
 * ahead could make one connection keep as much as `maxPipelined` heads.
 */
export const maxPendingText = 1024 * 1024

export class RequestQueue {
  first: FollowedRequest | undefined = undefined
  private last: FollowedRequest | undefined = undefined
  private count = 0
  private text = 0
  private readonly maxCount: number

  constructor(maxCount: number) {
    this.maxCount = maxCount
  }

  /** Adds a request behind the others, or says why not: there are too many, or their texts are too long. */
  add(request: FollowedRequest): Unreadable | undefined {
    const text = this.text + textOf(request)
    if (this.count === this.maxCount || text > maxPendingText) {
      return overLimit(`over ${this.maxCount} requests, or ${maxPendingText} bytes of paths, without an answer`)
    }
    this.count++
    this.text = text
    if (this.last === undefined) this.first = request
    else this.last.next = request
    this.last = request
    return undefined
  }

  /** Takes the first one away. */
  shift(): FollowedRequest | undefined {
    const { first } = this
    if (first === undefined) return undefined
    this.text -= textOf(first)
    this.count--
    this.first = first.next
    first.next = undefined
    if (this.first === undefined) this.last = undefined
    return first
  }

  /** Forgets all of them, and has nobody record them any more. */
  clear(): void {
    for (let request = this.first; request !== undefined; request = request.next) request.recording?.abandon()
    this.first = undefined
    this.last = undefined
    this.count = 0
    this.text = 0
  }
}

/** The authority is known behind the line only, and a host is short or its request is refused: the path counts. */
const textOf = ({ path }: FollowedRequest): number => path.length
