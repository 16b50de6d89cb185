/**
 * Step: what is under way for one connection (a handshake, a dial, a relay, ...), as whoever may have to give it up
 * sees it.
 */
export interface Cancellable {
  /** Ends it at once: whoever waits for its outcome hears nothing more of it. Harmless when it is over. */
  readonly cancel: () => void
}
