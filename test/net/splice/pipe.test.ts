/** A pipe between two real connections: what goes in comes out, and nothing waits. */
import { expect, test } from "bun:test"
import { closeSync, openSync } from "node:fs"
import { constants } from "node:os"

import { openPipe, type Pipe, pipeBytes } from "../../../src/net/splice/pipe.ts"
import { descriptors } from "../../support/dialling.ts"
import { ascii } from "../../support/bytes.ts"
import { pattern } from "../../support/pair.ts"
import { pair } from "../../support/polled.ts"
import { eventually } from "../../support/within.ts"

const { EAGAIN, EBADF, ENOTSOCK } = constants.errno

const opened = (): Pipe & Disposable => {
  const pipe = openPipe()
  if ("reason" in pipe) throw new Error(`these tests need a pipe: ${pipe.reason}`)
  return { ...pipe, [Symbol.dispose]: pipe.close }
}

test("moves bytes from one connection to another past both ends", async () => {
  using pipe = opened()
  using from = await pair()
  using to = await pair()
  const source = from.farEnd.descriptor
  from.farEnd.pause()
  expect(pipe.fill(source, pipeBytes)).toBe(-EAGAIN)
  from.nearEnd.write(ascii("hello"))
  await eventually(async () => from.nearEnd.unacknowledged(), 0, "unacknowledged")
  expect(pipe.fill(source, 4)).toBe(4)
  expect(pipe.drain(to.nearEnd.descriptor, 4)).toBe(4)
  await to.far.hears("data hell")
  expect(pipe.fill(source, pipeBytes)).toBe(1)
  expect(pipe.drain(to.nearEnd.descriptor, 1)).toBe(1)
  await to.far.hears("data hello")
  from.nearEnd.shutdown()
  await eventually(async () => pipe.fill(source, pipeBytes), 0, "end of what comes")
})

test("gives back what is in it, and is empty then", async () => {
  using pipe = opened()
  using from = await pair()
  from.farEnd.pause()
  const all = pattern(50_000)
  from.nearEnd.write(all)
  await eventually(async () => from.nearEnd.unacknowledged(), 0, "unacknowledged")
  const count = pipe.fill(from.farEnd.descriptor, pipeBytes)
  expect(count).toBe(all.length)
  const into = new Uint8Array(all.length)
  expect(pipe.read(into)).toBe(count)
  expect(Buffer.compare(into, all)).toBe(0)
  expect(pipe.read(into)).toBe(-EAGAIN)
})

test("knows what room a connection has: less, the more waits to be read by its peer", async () => {
  using pipe = opened()
  using both = await pair()
  const before = pipe.room(both.nearEnd.descriptor)
  expect(before).toBeGreaterThan(0)
  both.farEnd.pause()
  const chunk = pattern(1 << 20)
  while (both.nearEnd.write(chunk) === chunk.length);
  expect(pipe.room(both.nearEnd.descriptor)).toBeLessThan(before)
})

test("says by a negative errno what is no socket, and leaves no descriptor when it is closed", async () => {
  const base = descriptors()
  const pipe = opened()
  expect(descriptors()).toBe(base + 2)
  expect([pipe.fill(-1, 1), pipe.room(-1)]).toEqual([-EBADF, -EBADF])
  const file = openSync(import.meta.path, "r")
  expect(pipe.room(file)).toBe(-ENOTSOCK)
  closeSync(file)
  pipe.close()
  expect(descriptors()).toBe(base)
})
