import { expect, test } from "bun:test"

import { readClose, unmask } from "../../../src/protocol/websocket/payload.ts"
import { fromHex, toHex } from "../../support/bytes.ts"
import { closePayload } from "../../support/websocket.ts"

test("a mask is taken off, byte for byte from the first one on", () => {
  const bytes = fromHex("7f 9f 4d 51 58")
  unmask(bytes, 0x37fa213d)
  expect(Buffer.from(bytes).toString()).toBe("Hello")
  const high = fromHex("00 00 00 00 00")
  unmask(high, 0xff010203)
  expect(toHex(high)).toBe("ff010203ff")
  const plain = fromHex("01 02")
  unmask(plain, 0)
  expect(toHex(plain)).toBe("0102")
})

test("a close has a code and a reason, or neither", () => {
  expect(readClose(closePayload(1001, "going away"))).toEqual({ code: 1001, reason: "going away" })
  expect(readClose(closePayload(4000))).toEqual({ code: 4000, reason: "" })
  expect(readClose(fromHex(""))).toEqual({ code: 1005, reason: "" })
  expect(readClose(fromHex("03"))).toEqual({ code: 1005, reason: "" })
})

test("a reason that is no UTF-8 is one as far as it is", () => {
  expect(readClose(fromHex("03 e8 61 ff 62"))).toEqual({ code: 1000, reason: "a\ufffdb" })
})
