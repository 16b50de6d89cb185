/**
 * Recording: who keeps copies of what passes: of an exchange, of what its connection became, of a connection that nobody
 * reads. An interface only: what reads messages tells of them, and knows nothing of what becomes of it.
 *
 * Called synchronously where bytes pass, so nothing of it may wait or throw. All bytes are lent for the call. Times are
 * milliseconds of a clock that never goes back.
 */

/** One of the two messages. */
export interface MessageRecording {
  /** The head in `bytes[start, end)` as it came, its blank line included. A later one takes the place of one before. */
  readonly head: (bytes: Uint8Array, start: number, end: number, now: number) => void
  /** Content in `bytes[start, end)`, without chunk framing. */
  readonly content: (bytes: Uint8Array, start: number, end: number, now: number) => void
  /** Lines of the trailer section, its blank line included, perhaps in pieces. */
  readonly trailers: (bytes: Uint8Array, start: number, end: number) => void
  /** No more content is wanted: it may pass unseen from here on. */
  readonly isFull: boolean
}

/** A request and its answer. Either `over` or `abandon` is called, once, and nothing after. */
export interface ExchangeRecording {
  readonly request: MessageRecording
  readonly response: MessageRecording
  /** The head of an interim answer (1xx). */
  readonly interim: (bytes: Uint8Array, start: number, end: number, now: number) => void
  /**
   * The answer, whose head was told, has made another protocol of the connection: who is to be told of what passes then.
   * Undefined where its messages are not recorded. Where somebody is, `over` is called when the connection is over.
   */
  readonly upgraded: () => CarriedRecording | undefined
  /** The exchange is over: what is known of it besides. */
  readonly over: (facts: ExchangeFacts) => void
  /** Nobody will ever know how the exchange ended: there is no record of it. */
  readonly abandon: () => void
}

/** The side that bytes come from. */
export type Sender = "client" | "target"

/** Bytes that pass both ways and are no messages of HTTP. */
export interface CarriedRecording {
  /** Bytes of one side in `bytes[start, end)`. */
  readonly carried: (from: Sender, bytes: Uint8Array, start: number, end: number, now: number) => void
  /** How many of the next bytes of one side may pass unseen: 0 where they are wanted. */
  readonly skippable: (from: Sender) => number
  /** Notes that so many bytes of one side, at most `skippable`, have passed unseen. */
  readonly skipped: (from: Sender, count: number) => void
  /** Bytes so far from the client, and from the target. */
  readonly bytesIn: number
  readonly bytesOut: number
}

/** A connection, or the rest of one, whose bytes are carried and not read. Ends as an exchange does. */
export interface StreamRecording extends CarriedRecording {
  readonly over: (facts: StreamFacts) => void
  readonly abandon: () => void
}

/** What is known of what passed on a connection besides its bytes; words and units are those of the access log. */
export interface ConnectionFacts {
  /** The number of the connection, and of this within it, from 1. */
  readonly flow: number
  readonly n: number
  readonly direction: "inbound" | "outbound"
  readonly client: string
  readonly target: string | undefined
  readonly address: string | undefined
  readonly sni: string | undefined
  readonly authority: string | undefined
  /** Durations in milliseconds: connecting; from there to the head of the answer, or its first byte; all of it. */
  readonly dialled: number | undefined
  readonly firstByte: number | undefined
  readonly elapsed: number
  /** Who ended it: an exchange before it was answered in full, a connection however it ended. Where it stood then, and why. */
  readonly end: string | undefined
  readonly phase: string | undefined
  readonly code: string | undefined
  readonly refusal: string | undefined
  readonly error: string | undefined
  /** Bytes that passed; of an exchange those of content. */
  readonly bytesIn: number
  readonly bytesOut: number
}

/** What is known of an exchange besides its messages. */
export interface ExchangeFacts extends ConnectionFacts {
  /** Whether each message passed to the end that its framing says. */
  readonly requestIsWhole: boolean
  readonly responseIsWhole: boolean
  readonly isProbe: boolean
}

/** What is known of a connection that was carried unread. */
export interface StreamFacts extends ConnectionFacts {
  /** Why it was not read any more, where that had been begun. */
  readonly lost: string | undefined
}

/** Begins recordings. */
export interface ExchangeRecorder {
  /** Begins to record the exchange whose request's head came at `now`; undefined where it is not wanted, or cannot be kept. */
  readonly begin: (isProbe: boolean, now: number) => ExchangeRecording | undefined
  /** Begins to record a connection that is carried unread from `now` on; undefined where it cannot be kept. */
  readonly beginStream: (now: number) => StreamRecording | undefined
}

/** Who records at present, if anybody does: that may change at any time, between two exchanges. */
export interface RecorderSwitch {
  readonly current: ExchangeRecorder | undefined
}

/** Nobody ever records. */
export const noRecorder: RecorderSwitch = { current: undefined }
