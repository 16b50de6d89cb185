/**
 * Bystander: a tunnel through the proxy that stays open while cases are played, and must never see a byte of theirs.
 */
import { openTunnel } from "../support/clients.ts"
import { type Origin, origin } from "../support/origins.ts"
import type { Peer } from "../support/peer.ts"

export class Bystander {
  private readonly server: Origin
  private readonly client: Peer
  private readonly accepted: Peer
  private turn = 0

  private constructor(server: Origin, client: Peer, accepted: Peer) {
    this.server = server
    this.client = client
    this.accepted = accepted
  }

  static async open(proxyPort: number): Promise<Bystander> {
    const server = await origin()
    const client = await openTunnel("connect", proxyPort, server.port)
    return new Bystander(server, client, await server.accepted())
  }

  /** Sends a word of its own each way: exactly that must arrive, and nothing may have arrived before it. */
  async check(): Promise<void> {
    const word = `bystander ${this.turn++}`
    this.client.send(word)
    await this.accepted.expect(word)
    this.accepted.send(word)
    await this.client.expect(word)
    if (this.client.pending.length + this.accepted.pending.length > 0) throw new Error("a byte strayed to a bystander")
    if (this.server.connections.length !== 1) throw new Error("a connection strayed to a bystander")
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]()
    this.server[Symbol.dispose]()
  }
}
