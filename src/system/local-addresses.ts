/**
 * Local addresses: the addresses of this machine's interfaces.
 */
import { readFileSync } from "node:fs"
import { networkInterfaces } from "node:os"
import { type Address, parseAddress } from "../protocol/address.ts"

/**
 * Milliseconds for which addresses are remembered: reading them takes some hundred microseconds, several times what a
 * dial takes. A new address is known this much later.
 */
const rememberedTtl = 5000

let remembered: ReadonlySet<string> = new Set()
let until = 0

/**
 * All addresses of this machine. Where a sandbox denies netlink(7) they are read from /proc; where that is hidden too
 * none are known, which is no reason not to start.
 */
export const interfaceAddresses = (): ReadonlyArray<Address> => {
  try {
    return Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).flatMap(({ address }) => parseAddress(address) ?? []),
    )
  } catch {
    return [...addressesIn(readText("/proc/net/fib_trie")), ...addresses6In(readText("/proc/net/if_inet6"))]
  }
}

/** The local addresses of a routing table as /proc/net/fib_trie has it. */
export const addressesIn = (table: string): ReadonlyArray<Address> => {
  const texts = Array.from(table.matchAll(/\|-- (\S+)\n\s+\/32 host LOCAL/g), ([, text = ""]) => text)
  return [...new Set(texts)].flatMap((text) => parseAddress(text) ?? [])
}

/** The addresses in the text of /proc/net/if_inet6: 32 hexadecimal digits each. */
export const addresses6In = (table: string): ReadonlyArray<Address> =>
  Array.from(table.matchAll(/^[0-9a-f]{32}/gm), ([digits]) => digits.replace(/(.{4})(?=.)/g, "$1:")).flatMap(
    (text) => parseAddress(text) ?? [],
  )

const readText = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}

/** The addresses as texts in canonical form; loopback addresses are among them where an interface has them. */
export const localAddresses = (): ReadonlySet<string> => {
  const now = performance.now()
  if (now >= until) {
    remembered = new Set(interfaceAddresses().map(({ text }) => text))
    until = now + rememberedTtl
  }
  return remembered
}
