/**
 * Bytes: made from text, shown as text, joined, and cut as a network may cut them.
 */

/** Bytes as Bun delivers them, in a Buffer: its `slice` and `subarray` both share memory. */
export const fromHex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex")
/** Lower-case hex without spaces. */
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
/** A byte for each character up to U+00FF. */
export const ascii = (text: string): Uint8Array => Buffer.from(text, "latin1")
export const join = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => Buffer.concat(parts)

/** Whole, byte by byte, and split in two at every offset. */
export function* cuts(bytes: Uint8Array): Generator<ReadonlyArray<Uint8Array>> {
  yield [bytes]
  yield singly(bytes)
  for (let i = 1; i < bytes.length; i++) yield [bytes.subarray(0, i), bytes.subarray(i)]
}

/** Byte by byte. */
export const singly = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => Array.from(bytes, (byte) => Uint8Array.of(byte))
