/**
 * Client hello: the server name that a TLS client asks for in the clear, in the first bytes that it sends (RFC 8446
 * section 4.1.2, RFC 6066 section 3). For the log only; no decision depends on it.
 *
 * Reads the bytes that are there and waits for no more: a hello that is cut off before its name, or that is spread over
 * several records, has none. An encrypted hello has the name of its outer one.
 */
import { toLatin1 } from "../bytes.ts"

const handshakeRecord = 22
const clientHello = 1
const serverName = 0
const hostName = 0

/** Bytes of a record's header, and of a handshake message's. */
const recordHeader = 5
const messageHeader = 4
/** Version and random, which come before everything of variable length. */
const fixedBytes = 2 + 32

/** The longest name of the DNS as text; a longer one is no name. */
const maxName = 253

/** Undefined where `bytes`, the first of a connection, are no TLS hello, or hold no whole and valid name. */
export const serverNameOf = (bytes: Uint8Array): string | undefined => {
  if (bytes[0] !== handshakeRecord || bytes[1] !== 3 || bytes[recordHeader] !== clientHello) return undefined
  const end = Math.min(bytes.length, recordHeader + uint16(bytes, 3))
  // The session id, the cipher suites and the compression methods, each behind its length; then the extensions.
  let at = recordHeader + messageHeader + fixedBytes
  at += 1 + (bytes[at] ?? 0)
  at += 2 + uint16(bytes, at)
  at += 1 + (bytes[at] ?? 0)
  at += 2
  while (at + 4 <= end) {
    const length = uint16(bytes, at + 2)
    if (uint16(bytes, at) === serverName) return nameIn(bytes, at + 4, Math.min(end, at + 4 + length))
    at += 4 + length
  }
  return undefined
}

/** The list's first entry; RFC 6066 knows one kind of name only, and allows one name of each kind. */
const nameIn = (bytes: Uint8Array, start: number, end: number): string | undefined => {
  if (start + 5 > end || bytes[start + 2] !== hostName) return undefined
  const length = uint16(bytes, start + 3)
  if (length === 0 || length > maxName || start + 5 + length > end) return undefined
  const name = toLatin1(bytes, start + 5, start + 5 + length)
  return /^[a-z0-9._-]+$/i.test(name) ? name.toLowerCase() : undefined
}

/** 0 beyond the end: whatever that leads to is found to be cut off. */
const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
