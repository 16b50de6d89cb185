/**
 * Ids: records are numbered by UUIDs of version 7 (RFC 9562 section 5.7), whose beginning is the time and whose end is
 * random. People name a record by its end.
 */

/** Characters of an id's end that name a record, where no other one of the capture has the same. */
export const minIdEnd = 6

/** A UUID of version 7. `now` is milliseconds since the epoch; `random` is 10 bytes that nobody can foretell. */
export const makeId = (now: number, random: Uint8Array): string => {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.floor(now)) << 16n)
  bytes.set(random.subarray(0, 10), 6)
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  const hex = bytes.toHex()
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

/** The time that an id begins with, in milliseconds since the epoch. */
export const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

/** The end of an id that is shown: 6 characters. */
export const shortId = (id: string): string => id.slice(-minIdEnd)

/** The shortest ends that tell these ids from each other, all of one length: 6 characters, or more where two are alike. */
export const shortIds = (ids: ReadonlyArray<string>): ReadonlyArray<string> => {
  const different = new Set(ids).size
  const digits = ids.map((id) => id.replaceAll("-", ""))
  let length = minIdEnd
  while (length < 32 && new Set(digits.map((id) => id.slice(-length))).size < different) length++
  return digits.map((id) => id.slice(-length))
}

/** What the end of an id names: one id, none, or several, which are given; or it is too short, or no end of an id. */
export type FoundId =
  | { readonly id: string }
  | { readonly problem: "none" | "malformed" | "short" }
  | { readonly problem: "ambiguous"; readonly ids: ReadonlyArray<string> }

/** Looks up the id that ends like this, hyphens and case not counted. The same id may come more than once. */
export const findId = (ids: Iterable<string>, end: string): FoundId => {
  const digits = end.replaceAll("-", "").toLowerCase()
  if (!/^[0-9a-f]{1,32}$/.test(digits)) return { problem: "malformed" }
  if (digits.length < minIdEnd) return { problem: "short" }
  const found = new Set<string>()
  for (const id of ids) if (id.replaceAll("-", "").endsWith(digits)) found.add(id)
  const [first, ...more] = found
  if (first === undefined) return { problem: "none" }
  return more.length === 0 ? { id: first } : { problem: "ambiguous", ids: [...found] }
}
