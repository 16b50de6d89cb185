/**
 * Counting end: an end over another end that passes everything on and counts the bytes, as whatever observes or opens a
 * connection will stand between a machine and its socket. It has no descriptor, so that nothing is moved past it, and
 * names itself to its receiver. When the end is closed, what was counted is what its peer sent and was sent, or the end
 * below it has a wrong.
 */
import { type End, nobody, type Receiver } from "../../src/net/common/end.ts"
import type { ScriptedEnd } from "./scripted-end.ts"

export class CountingEnd implements End, Receiver {
  receiver: Receiver = nobody
  readonly descriptor = -1
  /** Bytes that came, and that went, past this end. */
  countedIn = 0
  countedOut = 0
  private readonly below: ScriptedEnd
  /** What had passed before this end was put over the other. */
  private readonly givenBefore: number
  private readonly takenBefore: number

  constructor(below: ScriptedEnd) {
    this.below = below
    this.givenBefore = below.given.length
    this.takenBefore = below.taken.length
    below.receiver = this
  }

  get received(): number {
    return this.below.received
  }

  /** Only whoever moves bytes past an end counts them in, and past this one nobody does. */
  set received(_) {
    this.below.wrongs.push(`${this.below.name}: bytes were moved past an end without a descriptor`)
  }

  get sent(): number {
    return this.below.sent
  }

  set sent(_) {
    this.below.wrongs.push(`${this.below.name}: bytes were moved past an end without a descriptor`)
  }

  get open(): boolean {
    return this.below.open
  }

  // What the machine does.

  hasNews(): boolean {
    return this.below.hasNews()
  }

  write(bytes: Uint8Array, offset?: number): number {
    const count = this.below.write(bytes, offset)
    if (count > 0) this.countedOut += count
    return count
  }

  pause(): void {
    this.below.pause()
  }

  resume(): void {
    this.below.resume()
  }

  shutdown(): void {
    this.below.shutdown()
  }

  unacknowledged(): number {
    return this.below.unacknowledged()
  }

  detach(): void {
    this.below.detach()
  }

  terminate(): void {
    this.below.terminate()
  }

  localName(): undefined {
    return this.below.localName()
  }

  // What is heard from below.

  data(_: End, chunk: Uint8Array): void {
    this.countedIn += chunk.length
    this.receiver.data(this, chunk)
  }

  drain(): void {
    this.receiver.drain(this)
  }

  ended(): void {
    this.receiver.ended(this)
  }

  closed(_: End, code: string | undefined): void {
    this.check()
    this.receiver.closed(this, code)
    this.receiver = nobody
  }

  private check(): void {
    const { name, given, taken, wrongs } = this.below
    const came = given.length - this.givenBefore
    const went = taken.length - this.takenBefore
    if (this.countedIn !== came) wrongs.push(`${name}: ${this.countedIn} bytes were counted, and ${came} came`)
    if (this.countedOut !== went) wrongs.push(`${name}: ${this.countedOut} bytes were counted, and ${went} went`)
  }
}
