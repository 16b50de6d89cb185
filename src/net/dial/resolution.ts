/**
 * Resolution: what the lookup of a name came to.
 */
import { type Address, parseAddress } from "../../protocol/address.ts"
import { refusal, type Refusal } from "../../protocol/refusal.ts"

/** Addresses of one name that are tried; at 250 ms each, sixteen fill the better part of a dial's deadline. */
export const maxAddresses = 16

/** The addresses of a name: at least one, in the order in which they are to be tried. */
export interface Found {
  readonly _tag: "Found"
  readonly addresses: ReadonlyArray<Address>
}

export type Resolution = Found | { readonly _tag: "Missing"; readonly refusal: Refusal }

/** Makes the resolution of what getaddrinfo returned: each address once, in that order, no more than are tried. */
export const found = (name: string, texts: ReadonlyArray<string>): Resolution => {
  const addresses = new Map<string, Address>()
  for (const text of texts) {
    const address = parseAddress(text)
    if (address !== undefined && addresses.size < maxAddresses) addresses.set(address.text, address)
  }
  return addresses.size === 0 ? missing(name, "no address") : { _tag: "Found", addresses: [...addresses.values()] }
}

/** Makes the resolution of a name that has no address. */
export const missing = (name: string, why: string): Resolution => ({
  _tag: "Missing",
  refusal: refusal("name-not-found", `${name}: ${why}`),
})
