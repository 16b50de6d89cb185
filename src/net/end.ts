/**
 * End: one side of a connection, as the relay, the exchange and the handshake see it.
 *
 * An end is a socket reduced to what a proxy may do with one. `shutdown` (FIN) and `terminate` (RST) are the only ways
 * to close: a Bun socket's own `end()` and `close()` are close(2) of both directions at once and lose data in flight.
 * What an end hears goes to its current `receiver`; handing an end on means setting another receiver.
 */
import type { Socket, SocketHandler } from "bun"

import { open } from "./collect.ts"
import { keepAliveProbeAfter, type Probed, Probing } from "./probing.ts"
import { type Arriving, Turn } from "./turn.ts"

declare module "bun" {
  /** bun-types 1.4.5 leaves out what sockets of Bun 1.4.5 have. */
  interface Socket<Data = undefined> {
    /** -1 once it is closed. */
    readonly fd: number
  }
}

/** Who hears an end. Called synchronously from the socket's own callbacks; must not throw. */
export interface Receiver {
  /** Bytes arrived. The chunk is the receiver's to keep. May be called once more after `pause`. */
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
  /** Bytes the kernel has accepted so far. */
  sent: number
  /** True until `closed` was called. */
  readonly open: boolean
  /**
   * The file descriptor of a socket whose bytes may be moved past this end, by whoever counts them in `received` and
   * `sent`; -1 when it is not open, and for an end that wants to see them.
   */
  readonly descriptor: number
  /** Takes as many bytes as the kernel does now and returns their count; the rest stays the caller's. -1: gone. */
  readonly write: (bytes: Uint8Array, offset?: number) => number
  readonly pause: () => void
  readonly resume: () => void
  /** No more bytes will be written (FIN). Reading goes on; where the peer has finished too, `closed` is called now. */
  readonly shutdown: () => void
  /** Closes at once; the peer sees a reset. Calls `closed` before it returns, if it was not called yet. */
  readonly terminate: () => void
}

/** A receiver for an end that nobody listens to: before its first owner, and after its last. */
export const nobody: Receiver = { data() {}, drain() {}, ended() {}, closed() {} }

/** Sockets that are open now: accepted, connected, and being connected. */
export const openSockets = (): number => sockets
let sockets = 0

const probing = new Probing(keepAliveProbeAfter)

// The state of an end, a bit each: as fields they would be 64 bytes of every connection.
const isOpen = 1
/** A write was refused by the kernel: the close that follows it carries no error of its own. */
const isBroken = 2
/** Our FIN was sent. */
const isFinished = 4
const hasPeerFinished = 8
/** Pausing and resuming are system calls: only a change makes one. */
const isPaused = 16
/** A chunk of it waits for the end of the turn. */
const isAwaited = 32
/** It is being closed by us. */
const isClosing = 64

const turn = new Turn()

/** Hands over what has arrived and waits for the end of the turn: it came before what is going to be done now. */
export const handOver = (): void => turn.deliver()

/** A chunk of so many bytes does not wait for others: it costs more than a wake-up. */
export const largeChunk = 16 * 1024

export class SocketEnd implements End, Probed, Arriving {
  receiver: Receiver
  received = 0
  sent = 0
  private state = isOpen
  private socket: Socket<SocketEnd> | undefined = undefined
  waitsSince = 0
  previous: Probed | undefined = undefined
  next: Probed | undefined = undefined

  constructor(receiver: Receiver) {
    this.receiver = receiver
  }

  /** Binds this end to its socket; called once, by the socket's `open`. */
  attach(socket: Socket<SocketEnd>): void {
    this.socket = socket
    sockets++
    open(sockets)
    probing.await(this)
  }

  get open(): boolean {
    return (this.state & isOpen) !== 0
  }

  /** It has its socket. */
  get attached(): boolean {
    return this.socket !== undefined
  }

  get remoteAddress(): string | undefined {
    return this.socket?.remoteAddress
  }

  get remotePort(): number {
    return this.socket?.remotePort ?? 0
  }

  get localAddress(): string | undefined {
    return this.socket?.localAddress
  }

  get localPort(): number {
    return this.socket?.localPort ?? 0
  }

  get descriptor(): number {
    return this.open && this.socket !== undefined ? this.socket.fd : -1
  }

  write(bytes: Uint8Array, offset = 0): number {
    if ((this.state & (isOpen | isFinished)) !== isOpen) return -1
    // All three arguments, always: Bun 1.4.5 throws a RangeError for an offset without a length (oven-sh/bun#42997).
    const count = this.socket!.write(bytes, offset, bytes.length - offset)
    if (count < 0) this.state |= isBroken
    else this.sent += count
    return count
  }

  probe(): void {
    this.socket?.setKeepAlive(true, keepAliveProbeAfter)
  }

  pause(): void {
    if ((this.state & (isOpen | isPaused)) !== isOpen) return
    this.state |= isPaused
    this.socket!.pause()
  }

  resume(): void {
    if ((this.state & (isOpen | isPaused)) !== (isOpen | isPaused)) return
    this.state &= ~isPaused
    this.socket!.resume()
  }

  shutdown(): void {
    if ((this.state & (isOpen | isFinished)) !== isOpen) return
    this.state |= isFinished
    // Nothing more can come that close(2) would answer with a reset: it sends what is left, and FIN, as shutdown(2)
    // does, and spares a wake-up by epoll for a socket that is done both ways.
    if ((this.state & hasPeerFinished) === 0) return void this.socket!.shutdown()
    this.state |= isClosing
    this.socket!.close()
  }

  terminate(): void {
    if (!this.open) return
    this.state |= isClosing
    this.socket!.terminate()
  }

  /**
   * Bytes have come from the socket. No two chunks of one end wait: what is spliced past this end must not overtake
   * a chunk.
   */
  arrived(chunk: Uint8Array): void {
    if (chunk.length < largeChunk && (this.state & isAwaited) === 0) {
      this.state |= isAwaited
      return turn.add(this, chunk)
    }
    turn.deliver()
    this.take(chunk)
  }

  /** Hands bytes over, unless the end was closed while they waited. */
  take(chunk: Uint8Array): void {
    this.state &= ~isAwaited
    if (!this.open) return
    this.received += chunk.length
    try {
      this.receiver.data(this, chunk)
    } catch (error) {
      this.defect(error)
    }
  }

  /** A receiver threw: a defect of this program. Its connection ends here; the last-resort handler logs it. */
  defect(error: unknown): void {
    this.terminate()
    queueMicrotask(() => {
      throw error
    })
  }

  /** The peer's FIN. After a refused write Bun tells of one that never came: the `close` that follows is the truth. */
  finish(): void {
    if ((this.state & isBroken) !== 0) return
    this.state |= hasPeerFinished
    this.receiver.ended(this)
  }

  /** The socket's own close; the only place where an end stops being open. */
  close(code: string | undefined): void {
    if (!this.open) return
    // Not in the middle of what somebody does who closes it: nothing else is told there.
    if ((this.state & isClosing) === 0) turn.deliver()
    this.state &= ~isOpen
    if (this.socket !== undefined) sockets--
    probing.forget(this)
    this.receiver.closed(this, code ?? ((this.state & isBroken) === 0 ? undefined : "EPIPE"))
    this.receiver = nobody
  }
}

/** One constant for every socket of the program; what differs per connection lives in the end. */
export const socketHandlers: SocketHandler<SocketEnd> = {
  // Plain arrays: a view of a Buffer costs many times what a view of a Uint8Array does (7 % of an HTTP request).
  binaryType: "uint8array",
  data(socket, chunk) {
    socket.data.arrived(chunk)
  },
  drain(socket) {
    turn.deliver()
    socket.data.receiver.drain(socket.data)
  },
  end(socket) {
    turn.deliver()
    socket.data.finish()
  },
  close(socket, error) {
    socket.data.close(errorCode(error))
  },
  error(socket, error) {
    socket.data.defect(error)
  },
}

const errorCode = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined
