/**
 * Probing: turns on TCP keep-alive for sockets that last. It takes three system calls, which a short connection need not
 * pay for. The sockets that wait for it are a chain in the order in which they were opened: a deadline for each would
 * be a twentieth of what an idle connection costs.
 */
import { IntrusiveList, type ListNode } from "../common/intrusive-list.ts"

/**
 * Milliseconds until a socket that was opened has its probes, and of silence after which the kernel then asks a peer
 * whether it is still there. A tunnel has no idle limit: without probes a peer that lost its power would hold two
 * descriptors for ever.
 */
export const keepAliveProbeAfter = 30_000

/** A wait is so many ticks of one timer: to read the clock for every socket costs more than all the rest of this. */
const ticks = 10

/** A socket that may have to wait for its probes, in a chain of those that do. */
export interface KeepAliveSocket extends ListNode<KeepAliveSocket> {
  /** The tick in which it began to wait; 0 while it does not. */
  waitsSince: number
  /** Called once, when it has lasted. */
  readonly enableKeepAlive: () => void
}

/** The sockets that wait, and one timer while there are any. */
export class TcpKeepAlive {
  private readonly waiting = new IntrusiveList<KeepAliveSocket>()
  private tick = 1
  private timer: ReturnType<typeof setTimeout> | undefined = undefined
  private readonly every: number

  /** `milliseconds` is how long a socket has to last, and up to a tenth more; the program's own is `keepAliveProbeAfter`. */
  constructor(milliseconds: number) {
    this.every = Math.ceil(milliseconds / ticks)
  }

  /** It was opened. */
  await(socket: KeepAliveSocket): void {
    socket.waitsSince = this.tick
    this.waiting.add(socket)
    this.timer ??= setTimeout(this.next, this.every).unref()
  }

  /** It is closed, or has its probes; harmless when it does not wait. */
  forget(socket: KeepAliveSocket): void {
    if (socket.waitsSince === 0) return
    socket.waitsSince = 0
    this.waiting.remove(socket)
  }

  private readonly next = (): void => {
    this.tick++
    let socket = this.waiting.first
    // It began to wait in the middle of a tick, which does not count.
    while (socket !== undefined && this.tick - socket.waitsSince > ticks) {
      this.forget(socket)
      socket.enableKeepAlive()
      socket = this.waiting.first
    }
    this.timer = socket === undefined ? undefined : setTimeout(this.next, this.every).unref()
  }
}
