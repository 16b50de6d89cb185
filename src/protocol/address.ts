/**
 * Address: IPv4 and IPv6 literals, parsed strictly and kept in one canonical form.
 *
 * An IPv4-mapped IPv6 address (`::ffff:127.0.0.1`) is the IPv4 address inside it, from the start: no policy, listener
 * or log ever sees two spellings of one destination. So two addresses are equal exactly when their texts are equal.
 * Nothing in this file resolves a name, and no function here throws for what a peer sent.
 */
import { DOT, NINE, ZERO } from "./ascii.ts"

export type Address =
  | { readonly _tag: "Ipv4"; /** 4 bytes, network order */ readonly bytes: Uint8Array; readonly text: string }
  | { readonly _tag: "Ipv6"; /** 16 bytes, network order */ readonly bytes: Uint8Array; readonly text: string }

/** `255.255.255.255` */
const maxIpv4 = 15
/** `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255` */
const maxIpv6 = 45

/**
 * The address in 4 or 16 bytes of network order, which are copied. Throws a RangeError for any other length.
 * Text is the dotted quad, or RFC 5952 (lower case, the longest run of zeros shortened).
 */
export const fromBytes = (bytes: Uint8Array): Address => {
  if (bytes.length === 4) return ipv4At(bytes, 0)
  if (bytes.length !== 16) throw new RangeError(`an address has 4 or 16 bytes, not ${bytes.length}`)
  if (isZero(bytes, 0, 10) && bytes[10] === 0xff && bytes[11] === 0xff) return ipv4At(bytes, 12)
  // Not `slice()`: what is given may be a Buffer, whose `slice` shares its memory.
  const copy = new Uint8Array(bytes)
  return { _tag: "Ipv6", bytes: copy, text: ipv6Text(copy) }
}

/** An IPv4 or IPv6 literal, without brackets and without a zone; undefined for everything else. */
export const parseAddress = (text: string): Address | undefined => parseIpv4(text) ?? parseIpv6(text)

/** The address of a literal that this program itself writes. Throws a TypeError for what is none: a programmer's error. */
export const addressLiteral = (text: string): Address => {
  const address = parseAddress(text)
  if (address === undefined) throw new TypeError(`${text} is no address`)
  return address
}

/** 127.0.0.0/8 or ::1. */
export const isLoopback = (address: Address): boolean =>
  address._tag === "Ipv4" ? address.bytes[0] === 127 : address.text === "::1"

/** Four decimal numbers from 0 to 255 without leading zeros. Never `127.1`, `0x7f.0.0.1` or `0177.0.0.1`. */
export const parseIpv4 = (text: string): Address | undefined => {
  const bytes = ipv4Bytes(text)
  // There is one way to write it, so the text that was read is the canonical one.
  return bytes === undefined ? undefined : { _tag: "Ipv4", bytes, text }
}

/** RFC 4291 section 2.2 in all three forms, without brackets and without a zone. An IPv4-mapped one is returned as IPv4. */
export const parseIpv6 = (text: string): Address | undefined => {
  if (text.length < 2 || text.length > maxIpv6) return undefined
  const halves = text.split("::")
  if (halves.length > 2) return undefined
  const shortened = halves.length === 2
  const head = ipv6Groups(halves[0] ?? "", !shortened)
  const tail = ipv6Groups(halves[1] ?? "", true)
  if (head === undefined || tail === undefined) return undefined
  const count = head.length + tail.length
  // "::" stands for at least one group.
  if (shortened ? count > 7 : count !== 8) return undefined
  const bytes = new Uint8Array(16)
  head.forEach((group, i) => writeGroup(bytes, i, group))
  tail.forEach((group, i) => writeGroup(bytes, 8 - tail.length + i, group))
  return fromBytes(bytes)
}

/**
 * Whether inet_aton, and with it getaddrinfo, may read this name as an IPv4 address although it is no dotted quad:
 * `127.1`, `0x7f000001`, `2130706433`, `0177.0.0.1`, `127.0.0.1.`. Such a name must be refused, never resolved: it
 * would pass every rule written for the address that it means.
 */
export const looksNumeric = (name: string): boolean =>
  /^(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?$/i.test(name) && ipv4Bytes(name) === undefined

/** Whether the first `prefix` bits are those of `network`. Throws a RangeError for a prefix its family has not. */
export const inNetwork = (address: Address, network: Address, prefix: number): boolean => {
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > network.bytes.length * 8) {
    throw new RangeError(`${network.text}/${prefix} is no network`)
  }
  if (address._tag !== network._tag) return false
  for (let i = 0, bits = prefix; bits > 0; i++, bits -= 8) {
    const mask = bits >= 8 ? 0xff : (0xff << (8 - bits)) & 0xff
    if (((address.bytes[i]! ^ network.bytes[i]!) & mask) !== 0) return false
  }
  return true
}

/**
 * The IPv4 address that an IPv6 address leads to: NAT64 64:ff9b::/96 (RFC 6052), 6to4 2002::/16 (RFC 3056), and
 * IPv4-compatible ::a.b.c.d (RFC 4291 section 2.5.5.1). A policy must judge it too.
 */
export const embeddedIpv4 = (address: Address): Address | undefined => {
  if (address._tag === "Ipv4") return undefined
  const { bytes } = address
  if (bytes[0] === 0x20 && bytes[1] === 0x02) return ipv4(bytes.slice(2, 6))
  const nat64 = bytes[0] === 0 && bytes[1] === 0x64 && bytes[2] === 0xff && bytes[3] === 0x9b && isZero(bytes, 4, 12)
  if (nat64) return ipv4(bytes.slice(12))
  // `::` and `::1` are addresses of their own.
  const compatible = isZero(bytes, 0, 12) && !(isZero(bytes, 12, 15) && bytes[15]! <= 1)
  return compatible ? ipv4(bytes.slice(12)) : undefined
}

/** IPv4 addresses that are remembered, by their last bytes; a power of two. */
const places = 64

const known: Array<Address | undefined> = Array.from({ length: places })

/** The address in the 4 bytes from `at` on. Few machines talk to few others, and a text costs more than all else here. */
export const ipv4At = (bytes: Uint8Array, at: number): Address => {
  const place = (bytes[at + 2]! ^ bytes[at + 3]!) & (places - 1)
  const found = known[place]
  if (found !== undefined && isAt(found.bytes, bytes, at)) return found
  const address = ipv4(new Uint8Array([bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!]))
  known[place] = address
  return address
}

const isAt = (address: Uint8Array, bytes: Uint8Array, at: number): boolean => {
  for (let i = 0; i < 4; i++) if (address[i] !== bytes[at + i]) return false
  return true
}

const ipv4 = (bytes: Uint8Array): Address => ({
  _tag: "Ipv4",
  bytes,
  text: `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`,
})

/** By hand: every connection to an address comes through here, and with split and patterns it took a microsecond. */
const ipv4Bytes = (text: string): Uint8Array | undefined => {
  if (text.length > maxIpv4) return undefined
  const bytes = new Uint8Array(4)
  let count = 0
  let digits = 0
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (digits === 0 || count === 3) return undefined
      bytes[count++] = value
      digits = 0
      value = 0
    } else {
      // A digit behind a leading zero makes an octal number of it for some readers.
      if (code < ZERO || code > NINE || (digits > 0 && value === 0)) return undefined
      digits++
      value = value * 10 + code - ZERO
      if (value > 255) return undefined
    }
  }
  if (digits === 0 || count !== 3) return undefined
  bytes[3] = value
  return bytes
}

/** The 16-bit groups of one side of "::"; the last may be a dotted quad where it ends the address. */
const ipv6Groups = (text: string, endsAddress: boolean): Array<number> | undefined => {
  if (text === "") return []
  const groups: Array<number> = []
  const parts = text.split(":")
  for (const [i, part] of parts.entries()) {
    const quad = endsAddress && i === parts.length - 1 ? ipv4Bytes(part) : undefined
    if (quad !== undefined) groups.push(readGroup(quad, 0), readGroup(quad, 1))
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

/** RFC 5952 section 4: no leading zeros, lower case, the first of the longest runs of two or more zero groups as "::". */
const ipv6Text = (bytes: Uint8Array): string => {
  const groups = Array.from({ length: 8 }, (_, i) => readGroup(bytes, i))
  let start = 0
  let length = 0
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && groups[end] === 0) end++
    if (end - i > length) [start, length] = [i, end - i]
  }
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":")
  return length < 2 ? hex(0, 8) : `${hex(0, start)}::${hex(start + length, 8)}`
}

const readGroup = (bytes: Uint8Array, index: number): number => (bytes[index * 2]! << 8) | bytes[index * 2 + 1]!

const writeGroup = (bytes: Uint8Array, index: number, group: number): void => {
  bytes[index * 2] = group >> 8
  bytes[index * 2 + 1] = group & 0xff
}

const isZero = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false
  return true
}
