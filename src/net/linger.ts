/**
 * Linger: the last words to a peer (RFC 9112 section 9.6). What was written is followed by FIN; what the peer still
 * sends is thrown away, for a while, so that no reset destroys the last words before they are read.
 */
import { empty } from "../protocol/bytes.ts"

import { after, cancel, type Deadline } from "./deadline.ts"
import type { End, Receiver } from "./end.ts"
import type { Step } from "./step.ts"

/** How long a peer may take to close after our FIN, in milliseconds. */
export const lingerTimeout = 2000
/** How much it may still send in that time: a request that was refused may have a body behind it. */
export const lingerBytes = 64 * 1024

/** Who hears that the socket is closed: once, unless the wait is cancelled. */
export interface Lingering {
  readonly closed: () => void
}

/** Sends last words, which may be empty, then closes an end in order, or by force when the peer does not let it. */
export class Linger implements Receiver, Step {
  private discarded = 0
  private deadline: Deadline | undefined = undefined
  private readonly end: End
  private lingering: Lingering | undefined
  private tail: Uint8Array | undefined = undefined

  constructor(end: End, lingering: Lingering | undefined) {
    this.end = end
    this.lingering = lingering
  }

  /** May be over before it returns, where the end is closed already. */
  start(words: Uint8Array): void {
    if (!this.end.open) return this.closed()
    this.deadline = after(lingerTimeout, terminate, this.end)
    this.end.receiver = this
    this.speak(words)
  }

  cancel(): void {
    this.lingering = undefined
    this.end.terminate()
  }

  private speak(words: Uint8Array): void {
    const { end } = this
    const count = words.length === 0 ? 0 : end.write(words)
    this.tail = count >= 0 && count < words.length ? words.subarray(count) : undefined
    if (this.tail === undefined) {
      end.shutdown()
      end.resume()
    }
  }

  data(end: End, chunk: Uint8Array): void {
    this.discarded += chunk.length
    if (this.discarded > lingerBytes) end.terminate()
  }

  drain(): void {
    if (this.tail !== undefined) this.speak(this.tail)
  }

  ended(): void {
    // Our FIN follows, or has followed, the last words; the socket then closes by itself.
  }

  closed(): void {
    cancel(this.deadline)
    const { lingering } = this
    this.lingering = undefined
    lingering?.closed()
  }
}

const terminate = (end: End): void => end.terminate()

/** Closes an end that nobody waits for, in order and within the linger timeout. */
export const discard = (end: End): void => {
  if (end.open) new Linger(end, undefined).start(empty)
}
