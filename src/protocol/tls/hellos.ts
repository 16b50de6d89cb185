/**
 * Hellos: what a TLS client and its server say of themselves in the clear before anything is encrypted (RFC 8446 sections
 * 4.1.2 and 4.1.3). For records only; no decision depends on it.
 *
 * A message may be spread over several records, and a record over several reads: what is not whole is `partial`.
 */
import { toLatin1 } from "../bytes.ts"

export interface ClientHello {
  /** Versions and protocols (ALPN) that it offers, in its order. Those that nobody knows are left out (GREASE, RFC 8701). */
  readonly versions: ReadonlyArray<string>
  readonly protocols: ReadonlyArray<string>
}

export interface ServerHello {
  readonly version: string | undefined
  /** By its name of RFC 8446 or RFC 5289; others by number. */
  readonly cipher: string
  /** The protocol that was chosen; TLS 1.3 hides it. */
  readonly protocol: string | undefined
}

/** Bytes of either hello that are read: with keys for post-quantum exchanges they have about 2 KiB. */
export const maxHelloBytes = 16 * 1024

const handshakeRecord = 22
const recordHeader = 5
const messageHeader = 4
const randomBytes = 32

const clientHello = 1
const serverHello = 2

const alpn = 16
const supportedVersions = 43

const versionNames: ReadonlyMap<number, string> = new Map([
  [0x0301, "1.0"],
  [0x0302, "1.1"],
  [0x0303, "1.2"],
  [0x0304, "1.3"],
])

const cipherNames: ReadonlyMap<number, string> = new Map([
  [0x1301, "TLS_AES_128_GCM_SHA256"],
  [0x1302, "TLS_AES_256_GCM_SHA384"],
  [0x1303, "TLS_CHACHA20_POLY1305_SHA256"],
  [0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
  [0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
  [0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
  [0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
  [0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
  [0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
])

/** Whether bytes, the first of one side, begin a TLS handshake. */
export const beginsTls = (bytes: Uint8Array): boolean => bytes[0] === handshakeRecord && bytes[1] === 3

/** Reads the first bytes of a client; undefined where they are no hello. */
export const readClientHello = (bytes: Uint8Array): ClientHello | "partial" | undefined => {
  const body = messageOf(bytes, clientHello)
  if (body === undefined || body === "partial") return body
  const at = new Cursor(body)
  const legacy = at.number(2)
  at.skip(randomBytes)
  at.block(1)
  at.block(2)
  at.block(1)
  const extensions = extensionsOf(at)
  const versions = extensions.get(supportedVersions)
  return {
    versions: (versions === undefined ? [legacy] : numbersIn(versions, 1)).flatMap(
      (each) => versionNames.get(each) ?? [],
    ),
    protocols: protocolsIn(extensions.get(alpn)),
  }
}

/** Reads the first bytes of a server, likewise. */
export const readServerHello = (bytes: Uint8Array): ServerHello | "partial" | undefined => {
  const body = messageOf(bytes, serverHello)
  if (body === undefined || body === "partial") return body
  const at = new Cursor(body)
  const legacy = at.number(2)
  at.skip(randomBytes)
  at.block(1)
  const cipher = at.number(2)
  at.skip(1)
  const extensions = extensionsOf(at)
  const chosen = extensions.get(supportedVersions)
  return {
    version: versionNames.get(chosen === undefined ? legacy : new Cursor(chosen).number(2)),
    cipher: cipherNames.get(cipher) ?? `0x${cipher.toString(16).padStart(4, "0")}`,
    protocol: protocolsIn(extensions.get(alpn))[0],
  }
}

/** The body of the first handshake message, put together of the records that it lies in. */
const messageOf = (bytes: Uint8Array, type: number): Uint8Array | "partial" | undefined => {
  // By copies of runs: byte by byte a hello that came byte by byte cost seconds.
  const message = new Uint8Array(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== handshakeRecord || (at + 1 < bytes.length && bytes[at + 1] !== 3)) return undefined
    if (at + recordHeader > bytes.length) return "partial"
    const end = at + recordHeader + ((bytes[at + 3]! << 8) | bytes[at + 4]!)
    const piece = bytes.subarray(at + recordHeader, end)
    message.set(piece, length)
    length += piece.length
    if (length > 0 && message[0] !== type) return undefined
    if (length >= messageHeader) {
      const whole = messageHeader + (message[1]! << 16) + (message[2]! << 8) + message[3]!
      if (whole > maxHelloBytes) return undefined
      if (length >= whole) return message.subarray(messageHeader, whole)
    }
    at = end
  }
  return "partial"
}

/** Reads one value after another. What lies behind the end is 0, or empty. */
class Cursor {
  private at = 0
  private readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length
  }

  number(length: number): number {
    let number = 0
    for (let i = 0; i < length; i++) number = number * 256 + (this.bytes[this.at++] ?? 0)
    return number
  }

  skip(count: number): void {
    this.at += count
  }

  /** What stands behind its length of so many bytes. */
  block(lengthBytes: number): Uint8Array {
    const length = this.number(lengthBytes)
    const block = this.bytes.subarray(this.at, this.at + length)
    this.at += length
    return block
  }
}

const extensionsOf = (at: Cursor): ReadonlyMap<number, Uint8Array> => {
  const found = new Map<number, Uint8Array>()
  const list = new Cursor(at.block(2))
  while (!list.isAtEnd) found.set(list.number(2), list.block(2))
  return found
}

/** A list of numbers of two bytes, behind a length of `lengthBytes`. */
const numbersIn = (extension: Uint8Array, lengthBytes: number): ReadonlyArray<number> => {
  const list = new Cursor(new Cursor(extension).block(lengthBytes))
  const numbers: Array<number> = []
  while (!list.isAtEnd) numbers.push(list.number(2))
  return numbers
}

/** RFC 7301 section 3.1. A name that no person could read is left out: such are those of GREASE. */
const protocolsIn = (extension: Uint8Array | undefined): ReadonlyArray<string> => {
  if (extension === undefined) return []
  const list = new Cursor(new Cursor(extension).block(2))
  const names: Array<string> = []
  while (!list.isAtEnd) names.push(toLatin1(list.block(1)))
  return names.filter((name) => /^[\x21-\x7e]+$/.test(name))
}
