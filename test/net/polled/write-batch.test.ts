/** What is written in the middle of a turn: all of it leaves, in its order. */
import { describe, expect, test } from "bun:test"

import { WriteBatch, type Sender, smallWrite } from "../../../src/net/polled/write-batch.ts"
import { ascii } from "../../support/bytes.ts"

/** Where the outbox believes that its memory is. */
const base = 0x1000

/** An outbox, and what has left it: the name of the sender and the text. */
const make = () => {
  const left: Array<string> = []
  const batch = new WriteBatch(() => base)
  batch.isOpen = true
  const sender = (name: string, then: () => void = () => {}): Sender => ({
    sendBatched: (at, length) => {
      left.push(`${name}:${Buffer.from(batch.copy(at, length)).toString()}`)
      then()
    },
  })
  return {
    batch,
    sender,
    /** What has left since it was last asked. */
    left: () => left.splice(0),
  }
}

/** Larger than any number of writes or bytes that can wait. */
const endless = 100_000

describe("a write", () => {
  test("does not wait while nothing is collected", () => {
    const { batch, sender, left } = make()
    batch.isOpen = false
    expect(batch.add(sender("a"), ascii("x"), 0)).toBe(false)
    batch.flush()
    expect(left()).toEqual([])
  })

  test("waits until the outbox is flushed, and leaves once", () => {
    const { batch, sender, left } = make()
    expect(batch.add(sender("a"), ascii("hello"), 0)).toBe(true)
    expect(left()).toEqual([])
    batch.flush()
    expect(left()).toEqual(["a:hello"])
    batch.flush()
    expect(left()).toEqual([])
  })

  test("that waits already leaves also when no more are collected", () => {
    const { batch, sender, left } = make()
    batch.add(sender("a"), ascii("x"), 0)
    batch.isOpen = false
    batch.flush()
    expect(left()).toEqual(["a:x"])
  })

  test("leaves from its offset on", () => {
    const { batch, sender, left } = make()
    batch.add(sender("a"), ascii("hello"), 3)
    batch.add(sender("b"), ascii("world"), 5)
    batch.flush()
    expect(left()).toEqual(["a:lo", "b:"])
  })

  test("is copied: whose bytes they were may use them again", () => {
    const { batch, sender, left } = make()
    const lent = ascii("hello")
    batch.add(sender("a"), lent, 0)
    lent.fill(0x2a)
    batch.flush()
    expect(left()).toEqual(["a:hello"])
  })

  test("that is large does not wait; what counts is what is behind the offset", () => {
    const { batch, sender, left } = make()
    expect(batch.add(sender("a"), new Uint8Array(smallWrite + 1), 0)).toBe(false)
    expect(batch.add(sender("a"), new Uint8Array(smallWrite + 1), 1)).toBe(true)
    batch.flush()
    expect(left().map((each) => each.length)).toEqual(["a:".length + smallWrite])
  })

  test("that is refused leaves those that wait where they are", () => {
    const { batch, sender, left } = make()
    batch.add(sender("a"), ascii("x"), 0)
    batch.add(sender("a"), new Uint8Array(smallWrite + 1), 0)
    expect(left()).toEqual([])
    batch.flush()
    expect(left()).toEqual(["a:x"])
  })
})

test("writes leave in the order in which they came, each as its own", () => {
  const { batch, sender, left } = make()
  const [a, b] = [sender("a"), sender("b")]
  batch.add(a, ascii("1"), 0)
  batch.add(b, ascii("22"), 0)
  batch.add(a, ascii("333"), 0)
  batch.add(b, ascii("4"), 0)
  batch.flush()
  expect(left()).toEqual(["a:1", "b:22", "a:333", "b:4"])
})

test("they lie in its memory, one behind the other", () => {
  const places: Array<[at: number, length: number]> = []
  const batch = new WriteBatch(() => base)
  batch.isOpen = true
  const sender: Sender = { sendBatched: (at, length) => void places.push([at, length]) }
  for (const text of ["one", "to", "three"]) batch.add(sender, ascii(text), 0)
  batch.flush()
  batch.add(sender, ascii("again"), 0)
  batch.flush()
  expect(places).toEqual([
    [base, 3],
    [base + 3, 2],
    [base + 5, 5],
    [base, 5],
  ])
})

describe("a full outbox", () => {
  test("leaves before the write that finds no place in the order", () => {
    const { batch, sender, left } = make()
    const writer = sender("a")
    let waiting = 0
    let before: Array<string> = []
    while (before.length === 0 && waiting < endless) {
      expect(batch.add(writer, ascii(`${waiting}`), 0)).toBe(true)
      before = left()
      waiting++
    }
    expect(waiting).toBeLessThan(endless)
    // All but the last one.
    expect(before).toEqual(Array.from({ length: waiting - 1 }, (_, i) => `a:${i}`))
    batch.flush()
    expect(left()).toEqual([`a:${waiting - 1}`])
  })

  test("leaves before the write whose bytes find no room", () => {
    const { batch, sender, left } = make()
    const writer = sender("a")
    const chunk = new Uint8Array(smallWrite)
    let waiting = 0
    let before: Array<string> = []
    while (before.length === 0 && waiting < endless) {
      expect(batch.add(writer, chunk.fill(0x41 + (waiting % 26)), 0)).toBe(true)
      before = left()
      waiting++
    }
    expect(waiting).toBeLessThan(100)
    expect(before).toEqual(
      Array.from({ length: waiting - 1 }, (_, i) => `a:${String.fromCharCode(0x41 + (i % 26)).repeat(smallWrite)}`),
    )
    batch.flush()
    expect(left()).toEqual([`a:${String.fromCharCode(0x41 + ((waiting - 1) % 26)).repeat(smallWrite)}`])
  })

  test("is empty again afterwards, as often as it was filled", () => {
    const { batch, sender, left } = make()
    const writer = sender("a")
    const expected: Array<string> = []
    for (let i = 0; i < 5000; i++) {
      const text = `${i}`.repeat(1 + (i % 100))
      expected.push(`a:${text}`)
      batch.add(writer, ascii(text), 0)
    }
    batch.flush()
    expect(left()).toEqual(expected)
  })
})

describe("the end of what somebody writes", () => {
  test("is a write of no bytes, and keeps its place", () => {
    const { batch, sender, left } = make()
    const [a, b] = [sender("a"), sender("b")]
    batch.add(a, ascii("x"), 0)
    batch.add(a, ascii(""), 0)
    batch.add(b, ascii("y"), 0)
    batch.add(b, ascii(""), 0)
    batch.flush()
    expect(left()).toEqual(["a:x", "a:", "b:y", "b:"])
  })

  test("leaves alone where there is nothing else", () => {
    const { batch, sender, left } = make()
    batch.add(sender("a"), ascii(""), 0)
    batch.flush()
    batch.flush()
    expect(left()).toEqual(["a:"])
  })
})

test("who has written may write again as soon as that has left", () => {
  const { batch, sender, left } = make()
  const writer = sender("a")
  for (const text of ["1", "2", "3"]) {
    batch.add(writer, ascii(text), 0)
    batch.flush()
    expect(left()).toEqual([`a:${text}`])
  }
})
