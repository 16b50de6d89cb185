/**
 * First chunk: looks at the first bytes that an end of a relay receives, and is gone.
 *
 * It stands before the end's real receiver until one chunk has come, and then puts that receiver in its place: what
 * is learnt from the first bytes costs the others nothing.
 */
import type { End, Receiver } from "./end.ts"

export class FirstChunk implements Receiver {
  private readonly receiver: Receiver
  private readonly look: (chunk: Uint8Array) => void

  /** `look` is called once at most, before `receiver` gets the chunk; it must not throw or keep the chunk. */
  constructor(receiver: Receiver, look: (chunk: Uint8Array) => void) {
    this.receiver = receiver
    this.look = look
  }

  data(end: End, chunk: Uint8Array): void {
    end.receiver = this.receiver
    this.look(chunk)
    this.receiver.data(end, chunk)
  }

  drain(end: End): void {
    this.receiver.drain(end)
  }

  ended(end: End): void {
    this.receiver.ended(end)
  }

  closed(end: End, code: string | undefined): void {
    this.receiver.closed(end, code)
  }
}
