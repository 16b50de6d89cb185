/** What the kernel says of a way to go, without a packet; the rest is in test/faults, where routes fail. */
import { expect, test } from "bun:test"

import { openSocketCalls } from "../../../src/net/sockets/socket-calls.ts"
import { routeError } from "../../../src/net/sockets/route.ts"
import { address, descriptors } from "../../support/dialling.ts"

const libc = openSocketCalls()!

test("loopback has a route, whoever listens there; broadcast is no error of a route", () => {
  const before = descriptors()
  for (const text of ["127.0.0.1", "127.1.2.3", "255.255.255.255"]) {
    expect(routeError(libc, address(text), 1)).not.toBe("EACCES")
  }
  expect(routeError(libc, address("127.0.0.1"), 1)).toBeUndefined()
  expect(descriptors()).toBe(before)
})
