/**
 * Recorder: an origin that keeps every byte of every connection, and answers each whole and clean request with a 200.
 */
import { ok, type Origin } from "../support/origins.ts"
import type { Peer } from "../support/peer.ts"
import { see } from "../support/strict.ts"
import { Condition } from "../support/within.ts"
import type { Stage } from "./runner.ts"

export class Recorder {
  readonly connections: Array<{ readonly peer: Peer; bytes: string }> = []
  readonly origin: Origin
  private readonly condition: Condition

  private constructor(server: Origin, condition: Condition) {
    this.origin = server
    this.condition = condition
  }

  static async open(stage: Stage): Promise<Recorder> {
    const condition = new Condition()
    const server = await stage.origin((peer) => {
      const connection = { peer, bytes: "" }
      made.connections.push(connection)
      peer.sink = (chunk) => {
        const before = see(connection.bytes).requests.length
        connection.bytes += Buffer.from(chunk).toString("latin1")
        const answers = see(connection.bytes).requests.length - before
        for (let i = 0; i < answers; i++) peer.send(ok("recorded"))
        condition.changed()
      }
    })
    const made: Recorder = new Recorder(server, condition)
    return made
  }

  get authority(): string {
    return this.origin.authority
  }

  /** All that any connection got. */
  get bytes(): string {
    return this.connections.map(({ bytes }) => bytes).join("")
  }

  /** Waits until these bytes have come. */
  async until(bytes: string): Promise<void> {
    await this.condition.until(
      () => (this.bytes.includes(bytes) ? true : undefined),
      () => `${bytes} at the origin, which has ${this.shown}`,
    )
  }

  /** Waits until something came that is no clean request; fails with it. */
  async untilUnclean(milliseconds?: number): Promise<never> {
    await this.condition.until(() => (this.isUnclean ? true : undefined), "unclean request", milliseconds)
    throw new Error(`this was passed on: ${this.shown}`)
  }

  /** How many whole requests came; fails on bytes that are none. */
  get requests(): number {
    if (this.isUnclean) throw new Error(`this was passed on: ${this.shown}`)
    return this.connections.reduce((sum, { bytes }) => sum + see(bytes).requests.length, 0)
  }

  private get isUnclean(): boolean {
    return this.connections.some(({ bytes }) => see(bytes).end === "error")
  }

  private get shown(): string {
    return JSON.stringify(this.bytes.slice(0, 300))
  }
}
