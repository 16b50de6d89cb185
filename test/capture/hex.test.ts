/** Bytes as lines. */
import { expect, test } from "bun:test"

import { hexLines } from "../../src/capture/hex.ts"

test("sixteen bytes a line, what is ASCII beside them, and how many more there are", () => {
  const bytes = Uint8Array.from({ length: 20 }, (_, i) => 0x3c + i)
  expect(hexLines(bytes, 20)).toEqual([
    "00000000  3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK",
    "00000010  4c 4d 4e 4f                                      LMNO",
  ])
  expect(hexLines(bytes, 2)).toEqual([
    "00000000  3c 3d                                            <=",
    "(and 18 B more)",
  ])
  expect(hexLines(Uint8Array.of(0, 0x7f, 0xff), 16)).toEqual([`00000000  00 7f ff${" ".repeat(41)}...`])
  expect(hexLines(new Uint8Array(), 16)).toEqual([])
})
