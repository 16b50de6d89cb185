/** TLS hellos as bytes (RFC 8446 section 4.1), for the tests of what reads them. */

export const uint16 = (value: number): ReadonlyArray<number> => [value >> 8, value & 0xff]
export const counted = (bytes: ReadonlyArray<number>): ReadonlyArray<number> => [...uint16(bytes.length), ...bytes]
export const shortly = (bytes: ReadonlyArray<number>): ReadonlyArray<number> => [bytes.length, ...bytes]
export const text = (value: string): ReadonlyArray<number> => [...Buffer.from(value, "latin1")]

export interface HelloParts {
  readonly legacy?: number
  readonly versions?: ReadonlyArray<number>
  readonly protocols?: ReadonlyArray<string>
  readonly cipher?: number
  /** Bytes that a record holds at most. */
  readonly recordBytes?: number
}

const extension = (type: number, bytes: ReadonlyArray<number>): ReadonlyArray<number> => [
  ...uint16(type),
  ...counted(bytes),
]

const alpnOf = (protocols: ReadonlyArray<string>): ReadonlyArray<number> =>
  extension(16, counted(protocols.flatMap((each) => shortly(text(each)))))

const random = Array.from({ length: 32 }, (_, i) => i)

const records = (type: number, body: ReadonlyArray<number>, recordBytes = 16_000): Uint8Array => {
  const message = [type, 0, ...uint16(body.length), ...body]
  const pieces: Array<number> = []
  for (let at = 0; at < message.length; at += recordBytes) {
    pieces.push(22, 3, 1, ...counted(message.slice(at, at + recordBytes)))
  }
  return Uint8Array.from(pieces)
}

export const clientHello = ({ legacy = 0x0303, versions, protocols, recordBytes }: HelloParts = {}): Uint8Array => {
  const extensions = [
    ...extension(0x0a0a, []),
    ...(protocols === undefined ? [] : alpnOf(protocols)),
    ...(versions === undefined ? [] : extension(43, shortly(versions.flatMap(uint16)))),
  ]
  const body = [
    ...uint16(legacy),
    ...random,
    ...shortly([1, 2, 3]),
    ...counted([0x13, 1, 0x13, 2]),
    1,
    0,
    ...counted(extensions),
  ]
  return records(1, body, recordBytes)
}

export const serverHello = ({
  legacy = 0x0303,
  versions,
  protocols,
  cipher = 0x1301,
  recordBytes,
}: HelloParts = {}): Uint8Array => {
  const extensions = [
    ...(versions === undefined ? [] : extension(43, versions.flatMap(uint16))),
    ...(protocols === undefined ? [] : alpnOf(protocols)),
  ]
  const body = [...uint16(legacy), ...random, ...shortly([1, 2, 3]), ...uint16(cipher), 0, ...counted(extensions)]
  return records(2, body, recordBytes)
}
