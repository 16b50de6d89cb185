import { expect, test } from "bun:test"

import { cut, hexLines, sizeText, timeText, visible, visibleLine } from "../../src/capture/text.ts"

test("nothing steers a terminal, hides or turns text around; lines and tabs stay in texts", () => {
  expect(visible("a\x1b[31m\n\tb\r\x07\x9b\u202e\u200b\u2028é😀")).toBe(
    "a\\u001b[31m\n\tb\\u000d\\u0007\\u009b\\u202e\\u200b\\u2028é😀",
  )
  expect(visibleLine("a\n\tb\x7f\ud800")).toBe("a\\u000a\\u0009b\\u007f\\ud800")
})

test("text is cut with an ellipsis to a width, never through a pair", () => {
  expect(cut("abc", 3)).toBe("abc")
  expect(cut("abc", 0)).toBe("")
  expect(cut("ab😀d", 4)).toBe("ab\ufffd…")
})

test("sizes and times as people write them", () => {
  expect([0, 1023, 1024, 3_250_586, 102_400 * 1024, 2 ** 40 * 5000].map(sizeText)).toEqual([
    "0 B",
    "1023 B",
    "1 KiB",
    "3.1 MiB",
    "100 MiB",
    "5000 TiB",
  ])
  expect([0, 0.287, 9.999, 12.34, 152.4, 1000, 61_234].map(timeText)).toEqual([
    "0 ms",
    "0.29 ms",
    "10 ms",
    "12.3 ms",
    "152 ms",
    "1 s",
    "61.2 s",
  ])
})

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
