/**
 * Unused ports, for tests and measurements that must know a port before anybody listens there, or that want one where
 * nobody ever does.
 *
 * A port that was free a moment ago will not do: the kernel may give it to the next one who asks for any port, be it
 * the proxy under test, and may take it as a client's own.
 */

/** Below the ephemeral ports of Linux (32768) and of everyone else (49152), above the ports of usual services. */
const from = 20_000
const below = 30_000

/** Where to look next. Begins anywhere, so that two processes at work hardly meet. */
let next = from + Math.floor(Math.random() * (below - from))

/** The first of `count` neighbouring ports that nobody listens on at 127.0.0.1. Given again only after all others. */
export const unusedPort = (count = 1): number => {
  for (const last = next + (below - from); next < last; next++) {
    const port = from + ((next - from) % (below - from))
    const wanted = Array.from({ length: count }, (_, i) => port + i)
    if (!wanted.every(canListen)) continue
    next += count
    return port
  }
  throw new Error(`${count} unused ports in a row are not to be had between ${from} and ${below}`)
}

const canListen = (port: number): boolean => {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => {} } }).stop(true)
    return true
  } catch {
    return false
  }
}
