/**
 * Protocol switch: what a connection may become behind an answer. Until that is here, bytes that follow the request are
 * held: they may be requests, or something else.
 */
import type { CarriedRecording } from "../../recording.ts"

import type { FollowedRequest } from "./followed.ts"
import { GrowingBytes } from "./growing-bytes.ts"

export class ProtocolSwitch {
  /** The request behind whose answer the connection may become something else. */
  request: FollowedRequest | undefined = undefined
  private readonly held = new GrowingBytes()
  private upgrade: CarriedRecording | undefined = undefined

  /** Holds `bytes[start...]`; false, and holds nothing, where that is more than `maxBytes`. */
  hold(bytes: Uint8Array, start: number, maxBytes: number): boolean {
    const fits = this.held.length + bytes.length - start <= maxBytes
    if (fits) this.held.append(bytes, start, bytes.length)
    else this.held.take()
    return fits
  }

  /** Returns what was held, and holds nothing more. */
  take(): Uint8Array {
    this.request = undefined
    return this.held.take()
  }

  /** Has what the connection becomes recorded, if somebody wants it: what was held is the beginning of it. */
  begin(asked: FollowedRequest, now: number): void {
    asked.upgrade = asked.recording?.upgraded()
    this.upgrade = asked.upgrade
    this.upgrade?.carried("client", this.held.bytes, 0, this.held.length, now)
  }

  /** Tells of what stands behind the answer, from `bytes[start]` on. Who records hears of what comes later from others. */
  tellRest(bytes: Uint8Array, start: number, now: number): void {
    this.upgrade?.carried("target", bytes, start, bytes.length, now)
    this.upgrade = undefined
  }
}
