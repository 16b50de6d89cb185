import { expect, test } from "bun:test"

import { BoundAddress } from "../../../src/net/sockets/bound-address.ts"
import type { SocketName } from "../../../src/net/sockets/socket-end.ts"
import { addressLiteral } from "../../../src/protocol/address.ts"

const asking = (name: SocketName | undefined) => {
  let asked = 0
  const bound = new BoundAddress({
    localName() {
      asked++
      return name
    },
  })
  return { bound, asked: () => asked }
}

test("the kernel is asked when somebody wants to know, and once", () => {
  const address = addressLiteral("192.0.2.7")
  const { bound, asked } = asking({ address, port: 40_000 })
  expect(asked()).toBe(0)
  expect([bound.address, bound.port, bound.address]).toEqual([address, 40_000, address])
  expect(asked()).toBe(1)
})

test("an end that is gone has no address, and port 0", () => {
  const { bound } = asking(undefined)
  expect([bound.address, bound.port]).toEqual([undefined, 0])
})
