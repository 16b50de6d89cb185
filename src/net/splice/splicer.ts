/**
 * Splicer: moves bytes from one socket to another inside the kernel, by splice(2), while much comes.
 *
 * Copying is most of what gigabytes cost: into Bun, into an array, out again. Where a socket has just given a large
 * chunk more is waiting, and that goes through a pipe without a copy: half of the processor time of the whole relay.
 * Only as much as the pipe holds for each chunk, so that one busy connection does not keep the others waiting.
 *
 * What the receiver does not take is read back. So the pipe is empty whenever this returns, and one serves everybody.
 * And so the receiver is asked first what it has room for: of what goes to slow readers most would come back, to be
 * copied and kept until they take it (measured with 300 of them: 75 MiB resident instead of 480, and a third less of
 * the processor).
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { type Fallback, type Shortfalls, unheard } from "../../flow/shortfalls.ts"

import type { End } from "../common/end.ts"
import { errorName } from "../../system/load-libc.ts"
import { openPipe, type Pipe, pipeBytes } from "./pipe.ts"

/** Bytes of a chunk after which there is more; a smaller chunk was all that there was. Fewer are not worth a splice. */
export const spliceFrom = 64 * 1024

/**
 * What became of a move: undefined if all is well, the bytes that the receiver did not take, which are the caller's to
 * send, or the error code of a sender that broke.
 */
export type Moved = undefined | Uint8Array | string

export class Splicer {
  private pipe: Pipe | undefined
  private readonly shortfalls: Pick<Shortfalls, "fellBack">

  /** Without a pipe nothing is moved. `shortfalls` hears when the splicer has to stop. */
  constructor(pipe: Pipe | undefined, shortfalls: Pick<Shortfalls, "fellBack"> = unheard) {
    this.pipe = pipe
    this.shortfalls = shortfalls
  }

  /**
   * Moves what `from` has to `to`: at most a pipe full of it, what `to` has room for, and `limit` bytes. `to` must have
   * taken everything that was written to it. Nothing where that is less than a chunk, which is better read and written.
   */
  move(from: End, to: End, limit = pipeBytes): Moved {
    const { pipe } = this
    const source = from.descriptor
    const sink = to.descriptor
    if (pipe === undefined || source < 0 || sink < 0 || limit < spliceFrom) return undefined
    const room = pipe.room(sink)
    if (room >= 0 && room < spliceFrom) return undefined
    const count = pipe.fill(source, Math.min(limit, pipeBytes, room < 0 ? spliceFrom : room))
    // Nothing there. A FIN is the socket's to report: its read finds the same.
    if (count === 0) return undefined
    if (count < 0) return this.failed(errorName(-count))
    from.received += count
    let moved = 0
    while (moved < count) {
      const taken = pipe.drain(sink, count - moved)
      // Full, or broken, or not made for this: the caller learns which when it writes the rest.
      if (taken <= 0) break
      moved += taken
    }
    to.sent += moved
    return moved === count ? undefined : this.readBack(pipe, count - moved)
  }

  /** Closes the pipe, and moves nothing any more. */
  close(): void {
    this.pipe?.close()
    this.pipe = undefined
  }

  private failed(code: string): Moved {
    if (code === "EAGAIN" || code === "ENOTCONN") return undefined
    // The kernel reports an error of a socket once only, and we have it.
    if (brokenSockets.has(code)) return code
    // The call itself is denied: in a sandbox, by a seccomp profile.
    this.giveUp({ reason: "denied", code })
    return undefined
  }

  private giveUp(fallback: Fallback): void {
    this.close()
    this.shortfalls.fellBack("splice", fallback)
  }

  private readBack(pipe: Pipe, length: number): Moved {
    const bytes = new Uint8Array(length)
    let have = 0
    while (have < length) {
      const count = pipe.read(have === 0 ? bytes : bytes.subarray(have))
      if (count <= 0) {
        // No pipe does this. Nobody else may be given what is left in it, and this connection has lost bytes.
        const code = errorName(-count)
        this.giveUp({ reason: "lost", code })
        return code
      }
      have += count
    }
    return bytes
  }
}

/** Errors by which a connection breaks (tcp(7), ip(7)). */
const brokenSockets: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EHOSTDOWN",
  "ECONNABORTED",
  "EPROTO",
])

/**
 * Makes a splicer with a pipe of its own, which is closed with the scope; without a pipe where none is wanted, or
 * available.
 */
export const makeSplicer = (
  wanted: boolean,
  shortfalls: Pick<Shortfalls, "fellBack">,
): Effect.Effect<Splicer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const pipe = wanted ? openPipe() : undefined
      if (pipe === undefined || "fill" in pipe) return new Splicer(pipe, shortfalls)
      shortfalls.fellBack("splice", pipe)
      return new Splicer(undefined)
    }),
    (splicer) => Effect.sync(() => splicer.close()),
  )
