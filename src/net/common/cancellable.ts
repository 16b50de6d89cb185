/**
 * Cancellable: what is under way for one connection (a handshake, a dial, a relay, ...), as the connection sees it, which
 * may have to give it up.
 */
export interface Cancellable {
  /** Ends at once: the owner hears nothing more. Harmless after the end. */
  readonly cancel: () => void
}
