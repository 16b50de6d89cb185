/**
 * Guess: what a connection seems to speak that is carried unread, by the first bytes of both sides. For records only: it
 * may be wrong, and nothing depends on it.
 */
import { DEL, SP } from "./ascii.ts"
import { fromLatin1, toLatin1 } from "./bytes.ts"

export type Guess = "postgres" | "mysql" | "redis" | "smtp" | "ssh" | "kafka" | "amqp" | "mongodb" | "http2" | "unknown"

/** Bytes of each side that are looked at. */
export const maxGuessBytes = 64

type Rule = (client: Uint8Array, target: Uint8Array) => boolean

/** What only one protocol begins with comes first. */
const rules: ReadonlyArray<readonly [Guess, Rule]> = [
  ["ssh", (client, target) => begins(client, "SSH-") || begins(target, "SSH-")],
  ["http2", (client) => begins(client, "PRI * HTTP/2.0\r\n")],
  ["amqp", (client) => begins(client, "AMQP")],
  ["postgres", (client) => isPostgres(client)],
  ["mongodb", (client) => isMongo(client)],
  ["mysql", (_, target) => isMysql(target)],
  ["redis", (client) => /^\*\d+\r\n\$\d+\r\n/.test(textOf(client)) || /^(?:PING|HELLO \d|AUTH )/i.test(textOf(client))],
  [
    "smtp",
    (client, target) =>
      /^220[ -]/.test(textOf(target)) && (client.length === 0 || /^(?:EHLO|HELO|LHLO|QUIT)\b/i.test(textOf(client))),
  ],
  ["kafka", (client) => isKafka(client)],
]

/** By the first bytes of each side, empty where it has said nothing. */
export const guessProtocol = (client: Uint8Array, target: Uint8Array): Guess =>
  rules.find(([, fits]) => fits(client, target))?.[0] ?? "unknown"

const begins = (bytes: Uint8Array, text: string): boolean => {
  const wanted = fromLatin1(text)
  return bytes.length >= wanted.length && wanted.every((byte, at) => bytes[at] === byte)
}

const textOf = (bytes: Uint8Array): string => toLatin1(bytes, 0, Math.min(bytes.length, maxGuessBytes))

/** 0 beyond the end. */
const numberAt = (bytes: Uint8Array, at: number, length: number): number => {
  let number = 0
  for (let i = at; i < at + length; i++) number = number * 256 + (bytes[i] ?? 0)
  return number
}

const littleEndian = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 2 ** 8 + (bytes[at + 2] ?? 0) * 2 ** 16 + (bytes[at + 3] ?? 0) * 2 ** 24

/** A start-up message of version 3.0 to 3.2, a request for TLS or GSS encryption, or one to cancel. */
const isPostgres = (client: Uint8Array): boolean => {
  if (client.length < 8) return false
  const length = numberAt(client, 0, 4)
  const code = numberAt(client, 4, 4)
  if (code === 0x04d2162f || code === 0x04d21630) return length === 8
  if (code === 0x04d2162e) return length >= 16 && length <= 300
  return length > 8 && length <= 10_000 && code >= 0x0003_0000 && code <= 0x0003_0002
}

/** OP_MSG, OP_COMPRESSED, or the OP_QUERY of an old greeting, behind a length of its own order. */
const isMongo = (client: Uint8Array): boolean => {
  if (client.length < 16) return false
  const length = littleEndian(client, 0)
  return length >= 16 && length <= 48_000_000 && [2004, 2012, 2013].includes(littleEndian(client, 12))
}

/** A greeting: a packet of number 0, protocol 10, and a version that begins as text. */
const isMysql = (target: Uint8Array): boolean =>
  target.length >= 8 && target[3] === 0 && target[2] === 0 && target[4] === 10 && target[5]! >= SP && target[5]! < DEL

/** The first request is ApiVersions (18) or Metadata (3), and its length is that of what follows. */
const isKafka = (client: Uint8Array): boolean => {
  if (client.length < 14) return false
  const length = numberAt(client, 0, 4)
  const api = numberAt(client, 4, 2)
  const version = numberAt(client, 6, 2)
  const idLength = numberAt(client, 12, 2)
  return (
    length >= 10 &&
    length <= 65_536 &&
    (api === 18 || api === 3) &&
    version <= 20 &&
    (idLength === 0xffff || idLength < length)
  )
}
