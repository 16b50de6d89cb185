/** The addresses of this machine, also where they have to be read from /proc. */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { networkInterfaces } from "node:os"

import { addresses6In, addressesIn, interfaceAddresses } from "../../src/system/local-addresses.ts"

const texts = (addresses: ReadonlyArray<{ readonly text: string }>): ReadonlyArray<string> =>
  addresses.map(({ text }) => text)

test("fib_trie tells the local addresses, each once, and no network or broadcast address", () => {
  const table = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     |-- 192.0.2.2
        /32 host LOCAL
Local:
           |-- 192.0.2.2
              /32 host LOCAL
`
  expect(texts(addressesIn(table))).toEqual(["127.0.0.1", "192.0.2.2"])
  expect(addressesIn("")).toEqual([])
})

test("if_inet6 tells the addresses in canonical form", () => {
  const table = `fd000000000000000000000000000002 04 40 00 82     eth0
00000000000000000000000000000001 01 80 10 80       lo
`
  expect(texts(addresses6In(table))).toEqual(["fd00::2", "::1"])
  expect(addresses6In("")).toEqual([])
})

const read = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    // A kernel without IPv6.
    return ""
  }
}

test("what /proc tells is what netlink tells", () => {
  const told = [...addressesIn(read("/proc/net/fib_trie")), ...addresses6In(read("/proc/net/if_inet6"))]
  expect(texts(told).toSorted()).toEqual(texts(interfaceAddresses()).toSorted())
  expect(interfaceAddresses().length).toBe(
    Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []).length,
  )
})
