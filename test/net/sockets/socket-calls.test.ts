/** Socket calls on real pairs of sockets: what each returns, and errors as negative numbers. */
import { ptr } from "bun:ffi"
import { afterAll, describe, expect, test } from "bun:test"
import { constants } from "node:os"

import { AF_INET, nameIn, portIn, socketAddress } from "../../../src/net/sockets/socket-address.ts"
import {
  kernelDeliveryTimeout,
  openSocketCalls,
  socketAddressLength,
  socketOptions,
} from "../../../src/net/sockets/socket-calls.ts"
import { ascii } from "../../support/bytes.ts"
import { loopback, pattern } from "../../support/pair.ts"
import { raw } from "../../support/polled.ts"
import { eventually } from "../../support/within.ts"

const { EADDRINUSE, EAGAIN, EBADF, EINPROGRESS, EPIPE } = constants.errno

const calls = openSocketCalls()!
const name = new Uint8Array(socketAddressLength)

/** A socket whose connections are accepted by the test alone. */
const listener = calls.socket(AF_INET)
const any = socketAddress(loopback, 0)
calls.bind(listener, any, any.length)
calls.listen(listener, 16)
calls.localName(listener, name)
const port = portIn(name)
afterAll(() => calls.close(listener))

interface Descriptors extends Disposable {
  readonly near: number
  readonly far: number
}

/** Both ends of one connection: on loopback it is in the queue when connect(2) returns. */
const pair = (): Descriptors => {
  const near = calls.socket(AF_INET)
  const to = socketAddress(loopback, port)
  expect([0, -EINPROGRESS]).toContain(calls.connect(near, to, to.length))
  const far = calls.accept(listener, name)
  expect(far).toBeGreaterThan(0)
  const close = (): void => {
    for (const fd of [near, far]) calls.close(fd)
  }
  return { near, far, [Symbol.dispose]: close }
}

const arena = new Uint8Array(64 * 1024)
const receive = (fd: number): number => calls.receive(fd, ptr(arena), arena.length)

const optionOf = (fd: number, option: { readonly level: number; readonly name: number }): number => {
  const value = new Int32Array(1)
  expect(raw.getsockopt(fd, option.level, option.name, value, new Uint32Array([4]))).toBe(0)
  return value[0]!
}

const hasArrived = (fd: number): Promise<void> => eventually(async () => calls.isQuiet(fd), false, "quiet")

test("both sides of a connection know its names", () => {
  using both = pair()
  calls.localName(both.near, name)
  const near = nameIn(name)
  calls.peerName(both.far, name)
  expect(nameIn(name)).toEqual(near)
  calls.peerName(both.near, name)
  expect(nameIn(name)).toEqual({ address: loopback, port })
})

test("bytes are sent from an offset, or from an address in memory, and received", async () => {
  using both = pair()
  const sent = ascii("..hello")
  expect(calls.send(both.near, sent, 2)).toBe(5)
  expect(calls.sendFrom(both.near, ptr(sent), 2)).toBe(2)
  await eventually(async () => calls.unacknowledged(both.near), 0, "unacknowledged")
  expect(receive(both.far)).toBe(7)
  expect(Buffer.from(arena.subarray(0, 7)).toString()).toBe("hello..")
})

test("a socket with nothing to read is quiet, and one with bytes or a FIN is not, as often as it is asked", async () => {
  using both = pair()
  expect([calls.isQuiet(both.far), receive(both.far)]).toEqual([true, -EAGAIN])
  calls.send(both.near, ascii("x"), 0)
  await hasArrived(both.far)
  expect([calls.isQuiet(both.far), receive(both.far), calls.isQuiet(both.far)]).toEqual([false, 1, true])
  calls.finish(both.near)
  await hasArrived(both.far)
  expect([receive(both.far), calls.isQuiet(both.far)]).toEqual([0, false])
  expect(calls.send(both.near, ascii("x"), 0)).toBe(-EPIPE)
})

describe("what the peer has not acknowledged", () => {
  test("is nothing before anything is sent, and for what is no socket", () => {
    using both = pair()
    expect([calls.unacknowledged(both.near), calls.unacknowledged(-1)]).toEqual([0, 0])
  })

  test("is what its buffers have no room for, then a FIN as one, and nothing when it has read", async () => {
    using both = pair()
    const chunk = pattern(1 << 20)
    let sent = 0
    for (;;) {
      const count = calls.send(both.near, chunk, 0)
      if (count === -EAGAIN) break
      expect(count).toBeGreaterThan(0)
      sent += count
    }
    const left = calls.unacknowledged(both.near)
    expect(left).toBeWithin(1, sent + 1)
    calls.finish(both.near)
    expect(calls.unacknowledged(both.near)).toBeWithin(1, left + 2)
    let received = 0
    const readAll = async (): Promise<boolean> => {
      for (;;) {
        const count = receive(both.far)
        if (count <= 0) return count === 0
        received += count
      }
    }
    await eventually(readAll, true, "FIN")
    expect(received).toBe(sent)
    await eventually(async () => calls.unacknowledged(both.near), 0, "unacknowledged")
  })
})

test("the kernel's delivery is bounded by TCP_USER_TIMEOUT", () => {
  using both = pair()
  expect(optionOf(both.near, socketOptions.userTimeout)).toBe(0)
  calls.boundDelivery(both.near)
  expect(optionOf(both.near, socketOptions.userTimeout)).toBe(kernelDeliveryTimeout)
})

test("an error is a negative errno", () => {
  const taken = socketAddress(loopback, port)
  const fd = calls.socket(AF_INET)
  expect(calls.bind(fd, taken, taken.length)).toBe(-EADDRINUSE)
  calls.close(fd)
  expect([calls.accept(listener, name), calls.localName(-1, name), receive(-1)]).toEqual([-EAGAIN, -EBADF, -EBADF])
})
