/**
 * Probing: turns on TCP keep-alive for sockets that last. It takes three system calls, which a short connection need not
 * pay for. The sockets that wait for it are linked in the order in which they were opened: a deadline for each would
 * be a twentieth of what an idle connection costs.
 */

/**
 * Milliseconds until a socket that was opened has its probes, and of silence after which the kernel then asks a peer
 * whether it is still there. A tunnel has no idle limit: without probes a peer that lost its power would hold two
 * descriptors for ever.
 */
export const keepAliveProbeAfter = 30_000

/** A socket that may have to wait for its probes; the three fields are this file's. */
export interface Probed {
  /** When it began to wait, on the monotonic clock; 0 while it does not. */
  waitsSince: number
  /** The one that was opened next, and the one that was opened before. */
  waitsBefore: Probed | undefined
  waitsBehind: Probed | undefined
  /** Called once, when it has lasted. */
  readonly probe: () => void
}

/** The sockets that wait, and one timer for the first of them. */
export class Probing {
  private first: Probed | undefined = undefined
  private last: Probed | undefined = undefined
  private timer: ReturnType<typeof setTimeout> | undefined = undefined
  private readonly milliseconds: number

  /** `milliseconds` is how long a socket has to last; the program's own queue has `keepAliveProbeAfter`. */
  constructor(milliseconds: number) {
    this.milliseconds = milliseconds
  }

  /** It was opened. */
  await(probed: Probed): void {
    const { last } = this
    probed.waitsSince = performance.now()
    probed.waitsBehind = last
    if (last === undefined) this.first = probed
    else last.waitsBefore = probed
    this.last = probed
    if (this.timer === undefined) this.wake(this.milliseconds)
  }

  /** It is closed, or has its probes; harmless when it does not wait. */
  forget(probed: Probed): void {
    if (probed.waitsSince === 0) return
    const { waitsBefore, waitsBehind } = probed
    probed.waitsSince = 0
    probed.waitsBefore = undefined
    probed.waitsBehind = undefined
    if (waitsBehind === undefined) this.first = waitsBefore
    else waitsBehind.waitsBefore = waitsBefore
    if (waitsBefore === undefined) this.last = waitsBehind
    else waitsBefore.waitsBehind = waitsBehind
  }

  private wake(milliseconds: number): void {
    this.timer = setTimeout(() => this.expire(), milliseconds)
    this.timer.unref()
  }

  private expire(): void {
    const due = performance.now() - this.milliseconds
    let probed = this.first
    // A native timer may come a fraction of a millisecond early.
    while (probed !== undefined && probed.waitsSince <= due + 1) {
      this.forget(probed)
      probed.probe()
      probed = this.first
    }
    this.timer = undefined
    if (probed !== undefined) this.wake(Math.max(1, probed.waitsSince - due))
  }
}
