/**
 * TCP keep-alive: turned on for sockets that last. That takes four system calls, which a short connection need not pay
 * for. The sockets that wait are an intrusive list in the order in which they were opened: a deadline for each would be
 * a twentieth of what an idle connection costs.
 */
import { IntrusiveList, type ListNode } from "../common/intrusive-list.ts"

/**
 * Milliseconds until keep-alive is enabled for an open socket, and of silence after which the kernel then asks the peer
 * whether it is still there. A tunnel has no idle limit: without probes a peer that lost its power would hold two
 * descriptors for ever.
 */
export const keepAliveProbeAfter = 30_000

/**
 * Ticks of one timer that a socket waits for: to read the clock for every socket costs more than all the rest of this.
 */
const ticks = 10

/** A socket that may wait for keep-alive, in a list of those that do. */
export interface KeepAliveSocket extends ListNode<KeepAliveSocket> {
  /** The tick in which the wait began; 0 for a socket that does not wait. */
  waitsSince: number
  /** Called once, when the socket has lasted. */
  readonly enableKeepAlive: () => void
}

/** The sockets that wait, and one timer while there are any. */
export class TcpKeepAlive {
  private readonly waiting = new IntrusiveList<KeepAliveSocket>()
  private tick = 1
  private timer: ReturnType<typeof setTimeout> | undefined = undefined
  private readonly every: number

  /**
   * `milliseconds` is how long a socket has to last, and up to a tenth more; the program's own is
   * `keepAliveProbeAfter`.
   */
  constructor(milliseconds: number) {
    this.every = Math.ceil(milliseconds / ticks)
  }

  /** Begins the wait of a socket that was opened. */
  await(socket: KeepAliveSocket): void {
    socket.waitsSince = this.tick
    this.waiting.add(socket)
    this.timer ??= setTimeout(this.next, this.every).unref()
  }

  /** Ends the wait of a socket that is closed, or has keep-alive; harmless when it does not wait. */
  forget(socket: KeepAliveSocket): void {
    if (socket.waitsSince === 0) return
    socket.waitsSince = 0
    this.waiting.remove(socket)
  }

  private readonly next = (): void => {
    this.tick++
    let socket = this.waiting.first
    // The tick in the middle of which the wait began does not count.
    while (socket !== undefined && this.tick - socket.waitsSince > ticks) {
      this.forget(socket)
      socket.enableKeepAlive()
      socket = this.waiting.first
    }
    this.timer = socket === undefined ? undefined : setTimeout(this.next, this.every).unref()
  }
}
