/** Packed: what is unpacked is what was packed, whatever is in it and however large. */
import { expect, test } from "bun:test"

import { minMoved, moved, pack, unpack } from "../../../src/capture/worker/packed.ts"
import { ascii } from "../../support/bytes.ts"

/** The same by way of a thread's messages: whoever packed it has nothing of it any more. */
const handedOver = (value: unknown): unknown => {
  const packed = pack(value)
  return unpack(structuredClone(packed, { transfer: moved(packed) }))
}

const large = (fill: number): Uint8Array => new Uint8Array(minMoved).fill(fill)

test("words, numbers, lists, objects and bytes come back in their places", () => {
  const value = {
    text: "ü\u2028\0",
    number: 1.5,
    flag: false,
    nothing: null,
    empty: {},
    none: [],
    head: ascii("GET / HTTP/1.1"),
    list: [ascii("a"), [ascii("")], { body: ascii("b") }, -0.25],
  }
  expect(handedOver(value)).toEqual(value)
})

test("fields that are undefined are absent", () => {
  expect(handedOver({ a: undefined, b: 1 })).toStrictEqual({ b: 1 })
})

test("large pieces are handed over as they are, small ones as one", () => {
  const value = [large(1), ascii("small"), large(2), new Uint8Array(minMoved - 1).fill(3)]
  const packed = pack(value)
  expect(packed.large.map(({ length }) => length)).toEqual([minMoved, minMoved])
  expect(packed.small.length).toBe("small".length + minMoved - 1)
  const memory = value[0]!.buffer
  expect(handedOver(value)).toEqual([large(1), ascii("small"), large(2), new Uint8Array(minMoved - 1).fill(3)])
  expect(memory.byteLength).toBe(0)
})

test("a view of a larger memory is itself and no more", () => {
  const room = new Uint8Array(100 * 1024).fill(7)
  expect(handedOver({ small: room.subarray(3, 5), large: room.subarray(10, 10 + minMoved) })).toEqual({
    small: Uint8Array.of(7, 7),
    large: large(7),
  })
})

test("words that look like places of bytes are words", () => {
  expect(handedOver(["$bytes", { name: "$bytes" }])).toEqual(["$bytes", { name: "$bytes" }])
})

test("two large views of one memory are handed over together", () => {
  const room = new Uint8Array(2 * minMoved).fill(7)
  expect(handedOver([room.subarray(0, minMoved), room.subarray(minMoved)])).toEqual([large(7), large(7)])
})
