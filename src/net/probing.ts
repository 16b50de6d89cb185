/**
 * Probing: turns on TCP keep-alive for sockets that last. It takes three system calls, which a short connection need not
 * pay for. The sockets that wait for it are a chain in the order in which they were opened: a deadline for each would
 * be a twentieth of what an idle connection costs.
 */
import { Chain, type Link } from "./chain.ts"

/**
 * Milliseconds until a socket that was opened has its probes, and of silence after which the kernel then asks a peer
 * whether it is still there. A tunnel has no idle limit: without probes a peer that lost its power would hold two
 * descriptors for ever.
 */
export const keepAliveProbeAfter = 30_000

/** A socket that may have to wait for its probes, in a chain of those that do. */
export interface Probed extends Link<Probed> {
  /** When it began to wait, on the monotonic clock; 0 while it does not. */
  waitsSince: number
  /** Called once, when it has lasted. */
  readonly probe: () => void
}

/** The sockets that wait, and one timer for the first of them. */
export class Probing {
  private readonly waiting = new Chain<Probed>()
  private timer: ReturnType<typeof setTimeout> | undefined = undefined
  private readonly milliseconds: number

  /** `milliseconds` is how long a socket has to last; the program's own queue has `keepAliveProbeAfter`. */
  constructor(milliseconds: number) {
    this.milliseconds = milliseconds
  }

  /** It was opened. */
  await(probed: Probed): void {
    probed.waitsSince = performance.now()
    this.waiting.add(probed)
    if (this.timer === undefined) this.wake(this.milliseconds)
  }

  /** It is closed, or has its probes; harmless when it does not wait. */
  forget(probed: Probed): void {
    if (probed.waitsSince === 0) return
    probed.waitsSince = 0
    this.waiting.remove(probed)
  }

  private wake(milliseconds: number): void {
    this.timer = setTimeout(() => this.expire(), milliseconds)
    this.timer.unref()
  }

  private expire(): void {
    const due = performance.now() - this.milliseconds
    let probed = this.waiting.first
    // A native timer may come a fraction of a millisecond early.
    while (probed !== undefined && probed.waitsSince <= due + 1) {
      this.forget(probed)
      probed.probe()
      probed = this.waiting.first
    }
    this.timer = undefined
    if (probed !== undefined) this.wake(Math.max(1, probed.waitsSince - due))
  }
}
