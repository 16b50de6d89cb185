/**
 * Listening: whether a program on this machine listens on a port, from the kernel's own list. Nothing is sent to that
 * program: a connection made to try would end a server that takes one only, and stand in the log of any other.
 */
import { closeSync, openSync, readSync } from "node:fs"

import { type Address, fromBytes } from "../protocol/address.ts"

/** Bytes read of a table, some four hundred sockets: the kernel lists those that listen before all others. */
const maxTableBytes = 64 * 1024

/** Whether a connection to one of `addresses` would be taken; undefined where that cannot be known. */
export const isListenedOn = (addresses: ReadonlyArray<Address>, port: number): boolean | undefined => {
  const tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"].map(readBeginning)
  if (tables[0] === undefined) return undefined
  const bound = tables.flatMap((table) => boundTo(table ?? "", port))
  if (bound.some((each) => isUnspecified(each) || addresses.some(({ text }) => text === each.text))) return true
  return tables.some((table) => isCutOff(table ?? "")) ? undefined : false
}

/** The addresses that sockets listen on at this port, by a table in the format of proc_pid_net(5). */
export const boundTo = (table: string, port: number): ReadonlyArray<Address> => {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0")
  return [...table.matchAll(/^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /gm)].flatMap(
    ([, address = "", at]) => (at === wanted ? [addressOf(address)] : []),
  )
}

/** Words of 32 bits in the machine's order, which is little-endian wherever this program runs. */
const addressOf = (hex: string): Address => {
  const bytes = Buffer.from(hex, "hex").swap32()
  const mapped = bytes.length === 16 && bytes.subarray(0, 12).equals(mappedPrefix)
  return fromBytes(mapped ? bytes.subarray(12) : bytes)
}

const mappedPrefix = Buffer.from("00000000000000000000ffff", "hex")

/** Whether an address is `::` or `0.0.0.0`. `::` takes IPv4 too, unless IPV6_V6ONLY is set, which is not listed. */
const isUnspecified = ({ bytes }: Address): boolean => bytes.every((byte) => byte === 0)

/** Whether a table was cut off before all listening sockets were read. */
const isCutOff = (table: string): boolean =>
  table.length >= maxTableBytes && table.trimEnd().split("\n").at(-2)?.includes(" 0A ") === true

const readBeginning = (path: string): string | undefined => {
  try {
    const file = openSync(path, "r")
    try {
      const bytes = Buffer.alloc(maxTableBytes)
      let length = 0
      for (;;) {
        const count = readSync(file, bytes, length, bytes.length - length, null)
        length += count
        if (count === 0 || length === bytes.length) return bytes.toString("latin1", 0, length)
      }
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}
