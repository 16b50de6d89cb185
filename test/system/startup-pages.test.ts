import { expect, test } from "bun:test"

import { codeOf } from "../../src/system/startup-pages.ts"

test("only the executable's own code is given back, never its data or another file", () => {
  const maps = [
    "00200000-01a00000 r--p 00000000 fe:00 1 /opt/a b/pillion",
    "01a00000-06800000 r-xp 01800000 fe:00 1 /opt/a b/pillion",
    "06800000-06900000 rw-p 06600000 fe:00 1 /opt/a b/pillion",
    "7f0000000000-7f0000001000 r-xp 00000000 fe:00 2 /lib/libc.so.6",
    "7f0000002000-7f0000003000 r-xp 00000000 00:00 0",
    "",
  ].join("\n")
  expect(codeOf("/opt/a b/pillion", maps)).toEqual([{ start: 0x01a00000n, length: 0x04e00000n }])
})
