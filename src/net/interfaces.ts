/**
 * Interfaces: the addresses of this machine, as texts in canonical form.
 */
import { networkInterfaces } from "node:os"
import { parseAddress } from "../protocol/address.ts"

/**
 * Milliseconds. Reading them takes some hundred microseconds, several times what a dial takes; an address that is new
 * is known this much later.
 */
const rememberFor = 5000

let remembered: ReadonlySet<string> = new Set()
let until = 0

/** Loopback addresses are among them where an interface has them. */
export const localAddresses = (): ReadonlySet<string> => {
  const now = performance.now()
  if (now >= until) {
    remembered = new Set(
      Object.values(networkInterfaces()).flatMap((addresses) =>
        (addresses ?? []).flatMap(({ address }) => parseAddress(address)?.text ?? []),
      ),
    )
    until = now + rememberFor
  }
  return remembered
}
