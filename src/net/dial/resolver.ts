/**
 * Resolver: the addresses of a name, from memory or from the system.
 *
 * `Bun.connect` is never given a name: it would resolve again, after the policy has judged, and by rules of its own.
 * A resolution is remembered even where nobody waits for it any more.
 */
import { parseHost } from "../../protocol/target.ts"
import { type Ask, askSystem, Lookups } from "./lookups.ts"
import { missing, type Resolution } from "./resolution.ts"
import { ResolutionCache } from "./resolution-cache.ts"

export interface Resolver {
  /** Calls `done` once, perhaps before it returns. The function that is returned leaves without an answer. */
  readonly lookup: (name: string, done: Answered) => () => void
  /** Forgets a resolution whose addresses led nowhere: the next lookup asks again, unless one has done so since. */
  readonly forget: (name: string, resolution: Resolution) => void
}

/** `remembered`: the resolution is of an earlier lookup, and may have changed since. */
export type Answered = (resolution: Resolution, remembered: boolean) => void

/** Makes a resolver that asks by `ask`; `now` is its clock, in milliseconds. */
export const makeResolver = (ask: Ask = askSystem, now: () => number = () => performance.now()): Resolver => {
  const cache = new ResolutionCache(now)
  const lookups = new Lookups(ask, { resolved: (name, resolution) => cache.set(name, resolution) })
  return {
    lookup(written, done) {
      // The trailing dot stays: it keeps the search domains out.
      const name = written.toLowerCase()
      const known = cache.get(name)
      if (known !== undefined) {
        done(known, true)
        return leftAlready
      }
      // getaddrinfo reads `127.1` and `0x7f000001` as addresses. The parsers of targets have refused them already;
      // this is the last place where they can be stopped.
      if (parseHost(name)?._tag !== "Name") {
        done(missing(name, "not a host name"), false)
        return leftAlready
      }
      return lookups.add(name, (resolution) => done(resolution, false))
    },
    forget(written, resolution) {
      cache.forget(written.toLowerCase(), resolution)
    },
  }
}

const leftAlready = (): void => {}
