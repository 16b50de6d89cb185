/**
 * Linger: the last words to a peer (RFC 9112 section 9.6). What was written is followed by FIN; what the peer still
 * sends is thrown away, for a while, so that no reset destroys the last words before they are read.
 */
import * as Effect from "effect/Effect"

import { empty } from "../protocol/bytes.ts"

import { after, cancel, type Deadline } from "./deadline.ts"
import type { End, Receiver } from "./end.ts"

/** How long a peer may take to close after our FIN, in milliseconds. */
export const lingerTimeout = 2000
/** How much it may still send in that time: a request that was refused may have a body behind it. */
export const lingerBytes = 64 * 1024

class Linger implements Receiver {
  private discarded = 0
  private deadline: Deadline | undefined = undefined
  private readonly done: () => void
  private tail: Uint8Array | undefined = undefined

  constructor(done: () => void) {
    this.done = done
  }

  start(end: End, words: Uint8Array): void {
    this.deadline = after(lingerTimeout, () => end.terminate())
    end.receiver = this
    this.speak(end, words)
  }

  private speak(end: End, words: Uint8Array): void {
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

  drain(end: End): void {
    if (this.tail !== undefined) this.speak(end, this.tail)
  }

  ended(): void {
    // Our FIN follows, or has followed, the last words; the socket then closes by itself.
  }

  closed(): void {
    cancel(this.deadline)
    this.done()
  }
}

/**
 * Sends `words`, which may be empty, then closes `end` in order, or by force when the peer does not let it. Done when
 * the socket is closed; interrupting it resets the peer.
 */
export const closeAfter = (end: End, words: Uint8Array): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (!end.open) return resume(Effect.void)
    new Linger(() => resume(Effect.void)).start(end, words)
    return Effect.sync(() => end.terminate())
  })

/** Closes an end that nobody waits for, in order and within the linger timeout. */
export const discard = (end: End): void => {
  if (end.open) new Linger(() => {}).start(end, empty)
}
