/**
 * End: one side of a connection, as the relay, the exchange and the handshake see it.
 *
 * An end is a socket reduced to what a proxy may do with one. `shutdown` (FIN) and `terminate` (RST) are the only ways
 * to close one. What an end hears goes to its current `receiver`; handing an end on means setting another receiver.
 */

/** Hears an end. Called synchronously from the event loop; must not throw. */
export interface Receiver {
  /**
   * Bytes arrived. They are the receiver's for as long as this call lasts: the next bytes come into the same memory.
   * May be called once more after `pause`.
   */
  readonly data: (end: End, chunk: Uint8Array) => void
  /** The socket can take bytes again after a short write; may also come without one. */
  readonly drain: (end: End) => void
  /** The peer will send no more (FIN); this end can still be written to. Comes at most once. */
  readonly ended: (end: End) => void
  /** The socket is gone, and nothing follows. `code` says why (ECONNRESET, EPIPE, ...); absent after an orderly close. */
  readonly closed: (end: End, code: string | undefined) => void
}

export interface End {
  receiver: Receiver
  /** Bytes received so far. */
  received: number
  /**
   * Bytes that the kernel has accepted so far. Once the end is closed: without those that were lost because the peer
   * reset the connection, or we did, before it had acknowledged them.
   */
  sent: number
  /** True until `closed` was called. */
  readonly open: boolean
  /**
   * The file descriptor of a socket whose bytes may be moved past this end, and are counted in `received` and
   * `sent` then; -1 when it is not open, and for an end that wants to see them.
   */
  readonly descriptor: number
  /**
   * Whether bytes, a FIN or a reset of the peer are here that the receiver has not heard of. Unless `asking` the kernel,
   * only those that the present turn of the event loop has found may count. The kernel reports the error of a reset once,
   * to this question: the receiver may hear of an end in its place.
   */
  readonly hasNews: (asking: boolean) => boolean
  /** Takes as many bytes as the kernel does now and returns their count; the rest stays the caller's. -1: gone. */
  readonly write: (bytes: Uint8Array, offset?: number) => number
  readonly pause: () => void
  readonly resume: () => void
  /**
   * No more bytes will be written (FIN). Reading goes on; where the peer has finished too, `closed` is called: now, or
   * when it is known what became of the much that was sent.
   */
  readonly shutdown: () => void
  /**
   * Bytes that were written and that the peer has not acknowledged, our FIN counted as one. Asks the kernel. 0 for a
   * closed end, and where that cannot be known.
   */
  readonly unacknowledged: () => number
  /**
   * Closes an end that was shut down, and leaves what was written to it to the kernel, which goes on delivering for as
   * long as the peer takes some. An end that was not shut down is terminated: its peer must not see a FIN that looks
   * complete. Calls `closed` before it returns.
   */
  readonly detach: () => void
  /** Closes at once; the peer sees a reset. Calls `closed` before it returns, if it was not called yet. */
  readonly terminate: () => void
}

/** The receiver of an end before its first owner, and after its last. Ignores everything. */
export const nobody: Receiver = { data() {}, drain() {}, ended() {}, closed() {} }
