/**
 * BoundAddress: the local address of a connection that was made, as a handshake reports it to its client.
 */
import type { Address } from "../../protocol/address.ts"
import type { Bound } from "../../protocol/handshake.ts"

import type { SocketEnd, SocketName } from "./socket-end.ts"

/** Asks the kernel only when a handshake wants to know, and once: most do not. */
export class BoundAddress implements Bound {
  private readonly end: Pick<SocketEnd, "localName">
  private name: SocketName | undefined = undefined

  constructor(end: Pick<SocketEnd, "localName">) {
    this.end = end
  }

  get address(): Address | undefined {
    return this.ask()?.address
  }

  get port(): number {
    return this.ask()?.port ?? 0
  }

  private ask(): SocketName | undefined {
    this.name ??= this.end.localName()
    return this.name
  }
}
