import { describe, expect, test } from "bun:test"

import { Inbox } from "../../src/protocol/inbox.ts"
import { ascii, toHex } from "../support/bytes.ts"
import { fuzz } from "../support/random.ts"

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")

const inboxOf = (...chunks: ReadonlyArray<string>): Inbox => {
  const inbox = new Inbox()
  for (const chunk of chunks) inbox.add(ascii(chunk))
  return inbox
}

describe("an inbox", () => {
  test("is empty at first", () => {
    const inbox = new Inbox()
    expect(inbox.length).toBe(0)
    expect(inbox.view().length).toBe(0)
    expect(inbox.take().length).toBe(0)
  })

  test("gives a single chunk back uncopied", () => {
    const inbox = new Inbox()
    const chunk = ascii("hello")
    inbox.add(chunk)
    expect(inbox.view()).toBe(chunk)
    expect(inbox.take()).toBe(chunk)
    expect(inbox.length).toBe(0)
  })

  test("joins what came in pieces", () => {
    const inbox = inboxOf("GET ", "/ HT", "TP/1.1")
    expect(inbox.length).toBe(14)
    expect(text(inbox.view())).toBe("GET / HTTP/1.1")
  })

  test("drops what is consumed, and only that", () => {
    const inbox = inboxOf("hello, ", "world")
    inbox.consume(5)
    expect(text(inbox.view())).toBe(", world")
    inbox.add(ascii("!"))
    inbox.consume(2)
    expect(text(inbox.view())).toBe("world!")
    expect(inbox.length).toBe(6)
  })

  test("drops nothing when nothing is consumed", () => {
    const inbox = inboxOf("hello")
    inbox.consume(0)
    expect(text(inbox.take())).toBe("hello")
  })

  test("never writes into a chunk that it was given", () => {
    const chunk = ascii("hello, world").subarray(0, 5)
    const inbox = new Inbox()
    inbox.add(chunk)
    inbox.add(ascii("!!!!"))
    expect(text(inbox.view())).toBe("hello!!!!")
    expect(text(new Uint8Array(chunk.buffer, chunk.byteOffset, 12))).toBe("hello, world")
  })

  test("takes empty chunks for what they are", () => {
    const inbox = inboxOf("", "a", "", "b", "")
    expect(text(inbox.view())).toBe("ab")
  })

  test("holds nothing of the past once it is empty, so what was taken stays as it was", () => {
    const inbox = inboxOf("a", "b")
    const taken = inbox.take()
    inbox.add(ascii("c"))
    inbox.add(ascii("d"))
    expect(text(taken)).toBe("ab")
    expect(text(inbox.view())).toBe("cd")
  })

  test("a view stays as it was while later bytes are added behind it", () => {
    const inbox = inboxOf("a", "b")
    const view = inbox.view()
    inbox.consume(1)
    for (let i = 0; i < 1000; i++) inbox.add(ascii("x"))
    expect(text(view)).toBe("ab")
  })

  test("gathers a trickle in time that grows with its bytes, not with their square", () => {
    const inbox = new Inbox()
    const buffers = new Set<ArrayBufferLike>()
    for (let i = 0; i < 64 * 1024; i++) {
      inbox.add(Uint8Array.of(i))
      buffers.add(inbox.view().buffer)
    }
    // One for the first chunk, then one for each doubling from 256.
    expect(buffers.size).toBeLessThanOrEqual(10)
    expect(inbox.length).toBe(64 * 1024)
  })

  test("is lent a chunk: what is kept of it is a copy, whatever becomes of the chunk", () => {
    const inbox = new Inbox()
    const chunk = ascii("hello")
    inbox.add(chunk)
    inbox.keep()
    chunk.fill(0x2a)
    expect(text(inbox.view())).toBe("hello")
  })

  test("keeps only what is left of a chunk", () => {
    const inbox = new Inbox()
    const chunk = ascii("hello, world")
    inbox.add(chunk)
    inbox.consume(7)
    inbox.keep()
    chunk.fill(0x2a)
    expect(text(inbox.view())).toBe("world")
    expect(inbox.view().buffer.byteLength).toBe(5)
  })

  test("has nothing to keep once everything was consumed", () => {
    const inbox = new Inbox()
    const chunk = ascii("hello")
    inbox.add(chunk)
    inbox.consume(5)
    inbox.keep()
    expect(inbox.length).toBe(0)
    inbox.add(chunk)
    expect(inbox.view()).toBe(chunk)
  })

  test("keeps once: what it has kept is not copied again", () => {
    const inbox = inboxOf("hello")
    inbox.keep()
    const { buffer } = inbox.view()
    inbox.keep()
    inbox.consume(2)
    inbox.keep()
    expect(inbox.view().buffer).toBe(buffer)
    expect(text(inbox.view())).toBe("llo")
  })

  test("grows behind what it has kept, and what is added there is not lent", () => {
    const inbox = new Inbox()
    const chunks = [ascii("GET "), ascii("/ HT"), ascii("TP/1.1")]
    for (const chunk of chunks) {
      inbox.add(chunk)
      inbox.keep()
      chunk.fill(0x2a)
    }
    expect(text(inbox.view())).toBe("GET / HTTP/1.1")
  })

  test("is lent again whatever comes when it is empty", () => {
    const inbox = inboxOf("a", "b")
    inbox.consume(2)
    const chunk = ascii("c")
    inbox.add(chunk)
    expect(inbox.view()).toBe(chunk)
    inbox.keep()
    chunk.fill(0x2a)
    expect(text(inbox.view())).toBe("c")
  })

  test("holds exactly what was added and not consumed, in order, whatever the sequence", () => {
    fuzz(500, (random) => {
      const inbox = new Inbox()
      // As a socket does it: every chunk comes into the same memory.
      const memory = new Uint8Array(700)
      let expected = Buffer.alloc(0)
      for (let i = 0; i < 60; i++) {
        switch (random.below(4)) {
          case 0:
          case 1: {
            const chunk = random.bytes(random.below(random.below(8) === 0 ? 700 : 12))
            expected = Buffer.concat([expected, chunk])
            memory.set(chunk)
            inbox.add(memory.subarray(0, chunk.length))
            if (random.below(2) === 0) {
              const count = random.below(expected.length + 1)
              expected = expected.subarray(count)
              inbox.consume(count)
            }
            inbox.keep()
            memory.fill(0x2a)
            break
          }
          case 2: {
            const count = random.below(expected.length + 1)
            expected = expected.subarray(count)
            inbox.consume(count)
            break
          }
          case 3:
            if (random.below(5) !== 0) break
            expect(toHex(inbox.take())).toBe(toHex(expected))
            expected = Buffer.alloc(0)
            break
        }
        expect(inbox.length).toBe(expected.length)
        expect(toHex(inbox.view())).toBe(toHex(expected))
      }
    })
  })
})
