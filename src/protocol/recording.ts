/**
 * Recording: who keeps copies of an exchange while it passes. An interface only: what reads messages tells of them, and
 * knows nothing of what becomes of it.
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
  /** The exchange is over: what is known of it besides. */
  readonly over: (facts: ExchangeFacts) => void
  /** It will never be known how the exchange ended: there is no record of it. */
  readonly abandon: () => void
}

/** What is known of an exchange besides its messages; words and units are those of the access log. */
export interface ExchangeFacts {
  /** The number of the connection, and of the exchange within it, from 1. */
  readonly flow: number
  readonly n: number
  readonly direction: "inbound" | "outbound"
  readonly client: string
  readonly target: string | undefined
  readonly address: string | undefined
  readonly sni: string | undefined
  readonly authority: string | undefined
  /** Durations in milliseconds: connecting; from there to the head of the answer; all of it. */
  readonly dialled: number | undefined
  readonly firstByte: number | undefined
  readonly elapsed: number
  /** Who ended it before it was answered in full, where it stood then, and why. */
  readonly end: string | undefined
  readonly phase: string | undefined
  readonly code: string | undefined
  readonly refusal: string | undefined
  readonly error: string | undefined
  /** Bytes of content that passed. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Whether each message passed to the end that its framing says. */
  readonly requestIsWhole: boolean
  readonly responseIsWhole: boolean
  readonly isProbe: boolean
}

/** Begins recordings. */
export interface ExchangeRecorder {
  /** Begins to record the exchange whose request's head came at `now`; undefined where it is not wanted, or cannot be kept. */
  readonly begin: (isProbe: boolean, now: number) => ExchangeRecording | undefined
}

/** Who records at present, if anybody does: that may change at any time, between two exchanges. */
export interface RecorderSwitch {
  readonly current: ExchangeRecorder | undefined
}

/** Nobody ever records. */
export const noRecorder: RecorderSwitch = { current: undefined }
