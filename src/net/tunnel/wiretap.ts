/**
 * Wiretap: who listens to what a relay carries, and can change nothing in it.
 *
 * A relay has at most one at a time, which its owner may give it when it begins, or with the first bytes. What the relay carries is shown to it
 * before it goes on, each chunk once and in its order, also where the receiver does not take it yet; bytes that are thrown
 * away because their receiver is broken are not. What the kernel moves past the relay is only counted, and never more of it
 * than the wiretap can do without.
 *
 * Called synchronously from the event loop. One that throws is let go, and the bytes go on.
 */

/** Who sends. */
export type Side = "client" | "target"

export interface Wiretap {
  /** Bytes of one side, lent for as long as the call lasts. */
  readonly carried: (from: Side, bytes: Uint8Array) => void
  /** How many bytes of one side may pass unseen, from the next one on; 0: the next one is to be seen. */
  readonly skippable: (from: Side) => number
  /** So many of them have passed unseen. */
  readonly skipped: (from: Side, count: number) => void
  /** The FIN of one side: it sends no more. */
  readonly finished: (from: Side) => void
  /** Nothing more is wanted: asked after every call; when it is true no call follows. */
  readonly isDone: boolean
  /** Who listens from then on, if anybody does. */
  readonly successor?: Wiretap | undefined
  /** The relay is over, however it ended, which its owner's flow tells. No call follows. */
  readonly over: () => void
  /** A call threw this. No call follows. Must not throw. */
  readonly failed: (cause: unknown) => void
}
