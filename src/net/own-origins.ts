/**
 * Own origins: the connections to origins that one client has at rest, each of another origin.
 */
import type { IdleOrigins } from "./idle-origins.ts"
import type { Origin } from "./origin.ts"

/** Origins one client connection may keep. Go sends requests to many origins over one proxy connection. */
export const maxIdleOriginsPerClient = 8

export class OwnOrigins {
  private readonly byKey = new Map<string, Origin>()
  private readonly everybodys: IdleOrigins

  /** `everybodys` is the list of all idle origins, which may take one away when descriptors are needed. */
  constructor(everybodys: IdleOrigins) {
    this.everybodys = everybodys
  }

  /** Takes the connection to `key` out, if there is one. */
  take(key: string): Origin | undefined {
    const origin = this.byKey.get(key)
    if (origin !== undefined) this.forget(origin)
    return origin
  }

  /** Keeps a connection until it is taken, for `keepAliveTimeout` milliseconds at most. */
  keep(origin: Origin, keepAliveTimeout: number): void {
    const oldest = this.byKey.size < maxIdleOriginsPerClient ? undefined : this.byKey.values().next().value
    if (oldest !== undefined) this.release(oldest)
    const release = (): void => this.release(origin)
    this.byKey.set(origin.key, origin)
    this.everybodys.add(origin, release)
    origin.wait(keepAliveTimeout, release)
  }

  /** Lets go of a connection without closing it. */
  forget(origin: Origin): void {
    origin.wake()
    this.everybodys.remove(origin)
    if (this.byKey.get(origin.key) === origin) this.byKey.delete(origin.key)
  }

  /** Closes a connection in order. */
  release(origin: Origin): void {
    this.forget(origin)
    origin.release()
  }

  releaseAll(): void {
    for (const origin of this.byKey.values()) this.release(origin)
  }
}
