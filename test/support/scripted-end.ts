/**
 * Scripted end: an `End` without a socket. A script plays its peer and its kernel; what the machine under test does to
 * it is told as effects, one short sentence each.
 *
 * It keeps to what src/net/common/end.ts promises and to what the polled end does, the hard parts above all: a chunk is only
 * lent, and spoilt when the call returns; a paused end hands on one chunk more at most; a reset is told also while it is
 * paused; after our own FIN the peer's closes it without an `ended`; bytes that the peer never acknowledged are not
 * `sent` once it is closed. What a machine must never do is kept in `wrongs`, whoever looks at it.
 */
import { type End, nobody, type Receiver } from "../../src/net/common/end.ts"
import { uncertainBytes } from "../../src/net/common/delivery.ts"
import { fromLatin1, toLatin1 } from "../../src/protocol/bytes.ts"

/** Hears what is done to an end: `name` and the rest of the sentence. */
export type Tell = (name: string, effect: string) => void

/** No script sends this byte: where it arrives somebody has kept a chunk that was only lent. */
const spoilt = 0xee
const spoiltText = String.fromCharCode(spoilt)

export class ScriptedEnd implements End {
  receiver: Receiver = nobody
  received = 0
  sent = 0
  open = true
  /** Nothing can be moved past it. */
  readonly descriptor = -1
  readonly name: string
  /** Everything that its peer has sent and that was handed on; and that it has taken for its peer. */
  given = ""
  taken = ""
  paused = false
  /** Our FIN; the peer's, handed on or not; a reset by the peer; the kernel refuses writes. */
  finished = false
  peerFinished = false
  peerReset = false
  refuses = false
  /** It has refused one: the close that follows is no close in order. */
  broken = false
  /** How many more bytes it takes. */
  room = Infinity
  /** A write was short. */
  blocked = false
  /** Its peer acknowledges only when the script says so. */
  slow = false
  /** How often `closed` was called, and whether by a reset of ours. */
  closes = 0
  wasReset = false
  /** What no machine may do: a write behind FIN, a chunk kept beyond its call. */
  readonly wrongs: Array<string> = []
  private readonly tell: Tell
  private acknowledged = 0
  private finAcknowledged = false
  /** What the peer sent while nobody read. */
  private readonly waiting: Array<string> = []
  private finWaits = false
  /** One chunk may still come after a pause. */
  private grace = false

  constructor(name: string, tell: Tell = () => {}) {
    this.name = name
    this.tell = tell
  }

  // What the machine does.

  write(bytes: Uint8Array, offset = 0): number {
    if (!this.open) return -1
    if (this.finished) {
      this.wrongs.push(`${this.name}: ${bytes.length - offset} bytes are written behind FIN`)
      return -1
    }
    if (this.refuses) {
      this.broken = true
      return -1
    }
    const count = Math.min(this.room, bytes.length - offset)
    this.room -= count
    this.blocked = count < bytes.length - offset
    this.sent += count
    if (!this.slow) this.acknowledged = this.sent
    if (count > 0) {
      const text = toLatin1(bytes, offset, offset + count)
      if (text.includes(spoiltText)) this.wrongs.push(`${this.name}: a chunk was kept beyond its call`)
      this.taken += text
      this.tell(this.name, `< ${text}`)
    }
    return count
  }

  pause(): void {
    if (!this.paused) this.grace = true
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  shutdown(): void {
    if (!this.open || this.finished) return
    this.finished = true
    this.tell(this.name, "gets FIN")
    this.settle()
  }

  unacknowledged(): number {
    if (!this.open || !this.slow) return 0
    return this.sent - this.acknowledged + (this.finished && !this.finAcknowledged ? 1 : 0)
  }

  /** Nothing comes but what the script says, and that is heard at once. */
  hasNews(): boolean {
    return !this.open
  }

  detach(): void {
    if (!this.open) return
    if (!this.finished || this.broken) return this.terminate()
    this.close("is left to the kernel", undefined, true)
  }

  terminate(): void {
    if (!this.open) return
    this.wasReset = true
    this.close("is reset", undefined, true)
  }

  // What only a socket has.

  localName(): undefined {}

  remoteName(): undefined {}

  // What the peer and the kernel do.

  /** The peer sends. Waits where nobody reads. */
  sends(text: string): void {
    if (!this.open || this.peerFinished) throw new Error(`${this.name} can send no more`)
    if (this.paused && !this.grace) this.waiting.push(text)
    else {
      this.grace = false
      this.hand(text)
    }
  }

  /** The peer's FIN. Waits behind what waits; a socket of the runtime's tells of it also while nobody reads. */
  finishes(unread = false): void {
    if (!this.open || this.peerFinished) return
    this.peerFinished = true
    if ((this.paused && !unread) || this.waiting.length > 0) this.finWaits = true
    else this.handFin()
  }

  /** The peer resets it, or what was sent to it did not get there. */
  resets(code = "ECONNRESET"): void {
    if (!this.open) return
    this.peerReset = true
    this.close(undefined, code, true)
  }

  /** From now on it takes so many bytes, then no more until there is `hasRoom` again. */
  hasRoomFor(bytes: number): void {
    this.room = bytes
  }

  /** There is room, for everything or for so many bytes. */
  drains(bytes = Infinity): void {
    this.room = bytes
    this.blocked = false
    if (this.open) this.receiver.drain(this)
  }

  /** The peer has acknowledged so many bytes more; without a number all of them, and our FIN. */
  acknowledges(bytes?: number): void {
    this.acknowledged = bytes === undefined ? this.sent : Math.min(this.sent, this.acknowledged + bytes)
    if (bytes !== undefined) return
    if (this.finished) this.finAcknowledged = true
    if (this.finished && this.peerFinished && !this.finWaits) this.settle()
  }

  /** What has waited is handed on, now that somebody reads: the next turn of the event loop. Whether anything was. */
  turn(): boolean {
    let some = false
    while (this.open && !this.paused && this.waiting.length > 0) {
      some = true
      this.hand(this.waiting.shift()!)
    }
    if (!this.open || this.paused || !this.finWaits || this.waiting.length > 0) return some
    this.finWaits = false
    this.handFin()
    return true
  }

  /** Whether bytes of its peer would be handed on now. */
  get hears(): boolean {
    return this.open && !this.peerFinished && (!this.paused || this.grace)
  }

  private hand(text: string): void {
    this.received += text.length
    this.given += text
    const chunk = fromLatin1(text)
    this.receiver.data(this, chunk)
    if (chunk.length > 0) chunk.fill(spoilt)
  }

  private handFin(): void {
    if (this.finished && !this.uncertain) return this.settle()
    this.receiver.ended(this)
  }

  /** Both sides are done: it closes, unless much was sent and it is not known yet what became of it. */
  private settle(): void {
    if (!this.open || !this.peerFinished || this.finWaits || this.uncertain) return
    this.close("is closed in order", undefined, false)
  }

  private get uncertain(): boolean {
    return this.sent > uncertainBytes && this.unacknowledged() > 0
  }

  private close(effect: string | undefined, code: string | undefined, loses: boolean): void {
    if (loses && this.slow) this.sent = this.acknowledged
    this.open = false
    this.closes++
    this.waiting.length = 0
    this.finWaits = false
    if (effect !== undefined) this.tell(this.name, effect)
    const { receiver } = this
    receiver.closed(this, code ?? (this.broken ? "EPIPE" : undefined))
    this.receiver = nobody
  }
}
