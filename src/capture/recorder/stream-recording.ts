/**
 * Stream recording: what is noted of a connection, or of the rest of one, that is carried unread: the hellos of TLS, what
 * else it seems to speak, and its first bytes if those were asked for. Streams last long, so of bytes no more is held than
 * that takes.
 */
import { concat } from "../../protocol/bytes.ts"
import { type Guess, guessProtocol, maxGuessBytes } from "../../protocol/guess.ts"
import {
  beginsTls,
  type ClientHello,
  maxHelloBytes,
  readClientHello,
  readServerHello,
  type ServerHello,
} from "../../protocol/tls/hellos.ts"
import type { Sender, StreamFacts, StreamRecording as Recording } from "../../protocol/recording.ts"

import { KeptBytes } from "./kept-bytes.ts"
import type { Memory } from "./memory.ts"

/** Bytes of memory that a stream counts as besides what it copies. */
export const streamOverhead = 512

/** Bytes of each side that are kept where they are asked for. */
export const maxFirstBytes = 1024

/** What was heard of a connection that was carried unread. */
export interface HeardStream {
  readonly kind: "stream"
  /** Milliseconds since the epoch. */
  readonly started: number
  readonly facts: StreamFacts
  readonly guess: Guess
  /** Where it is TLS: what its client offered, and its server chose. */
  readonly tls: { readonly client: ClientHello | undefined; readonly server: ServerHello | undefined } | undefined
  /** The first bytes of each side, where they were asked for. */
  readonly first: { readonly [from in Sender]: Uint8Array } | undefined
  /** Bytes of the capture's memory that go with it: whoever has it releases them. */
  readonly held: number
}

export interface StreamOwner {
  readonly memory: Memory
  /** Whether first bytes are kept. */
  readonly keepsFirst: boolean
  readonly heard: (stream: HeardStream) => void
  /** There will be no record of a stream. Its memory is released. */
  readonly abandoned: () => void
}

export class StreamRecording implements Recording {
  bytesIn = 0
  bytesOut = 0
  private readonly owner: StreamOwner
  private readonly started: number
  private readonly client: KeptBytes
  private readonly target: KeptBytes
  /** The client has begun with a handshake of TLS. */
  private isTls = false
  private clientHello: ClientHello | undefined = undefined
  private serverHello: ServerHello | undefined = undefined
  private isOver = false

  /** `streamOverhead` was reserved for it. `started` in milliseconds since the epoch. */
  constructor(owner: StreamOwner, started: number) {
    this.owner = owner
    this.started = started
    this.client = new KeptBytes(maxHelloBytes, owner.memory, maxGuessBytes)
    this.target = new KeptBytes(maxHelloBytes, owner.memory, maxGuessBytes)
  }

  carried(from: Sender, bytes: Uint8Array, start: number, end: number): void {
    const kept = this[from]
    this.skipped(from, end - start)
    if (!this.isWanted(from)) return
    if (from === "client" && kept.length < 2) {
      this.isTls = beginsTls(concat(kept.view, bytes.subarray(start, Math.min(end, start + 2))))
    }
    kept.append(bytes, start, Math.min(end, start + this.limit - kept.length))
    if (this.isTls) this.readHello(from, kept)
  }

  skippable(from: Sender): number {
    return this.isWanted(from) ? 0 : Infinity
  }

  skipped(from: Sender, count: number): void {
    if (from === "client") this.bytesIn += count
    else this.bytesOut += count
  }

  over(facts: StreamFacts): void {
    if (this.isOver) return
    this.isOver = true
    const { owner, started, held, isTls, clientHello, serverHello } = this
    const [client, target] = [this.client.take(), this.target.take()]
    const guess = guessProtocol(client, target)
    const tls = isTls ? { client: clientHello, server: serverHello } : undefined
    const first = owner.keepsFirst && !isTls ? { client, target } : undefined
    owner.heard({ kind: "stream", started, facts, guess, tls, first, held })
  }

  abandon(): void {
    if (this.isOver) return
    this.isOver = true
    this.owner.memory.release(this.held)
    this.owner.abandoned()
  }

  private get held(): number {
    return streamOverhead + this.client.held + this.target.held
  }

  /** Bytes of each side that are of interest. */
  private get limit(): number {
    if (this.isTls) return maxHelloBytes
    return this.owner.keepsFirst ? maxFirstBytes : maxGuessBytes
  }

  private isWanted(from: Sender): boolean {
    const kept = this[from]
    return !this.isOver && !kept.isFull && kept.length < this.limit
  }

  /** Keeps what a hello says, and not its bytes. */
  private readHello(from: Sender, kept: KeptBytes): void {
    const read = from === "client" ? readClientHello(kept.view) : readServerHello(kept.view)
    if (read === "partial") return
    if (read !== undefined && "protocols" in read) this.clientHello = read
    else this.serverHello = read
    kept.close()
  }
}
