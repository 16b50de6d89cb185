/** Output with a writer that does as the test says: what is written when, what is dropped, and what is told of it. */
import { expect, test } from "bun:test"

import { fullBatch, maxQueue, Output } from "../../../src/observe/output/output.ts"
import { Condition } from "../../support/within.ts"

/** A writer that answers when it is told to. */
class Reader {
  readonly output: Output
  /** Everything that was taken. */
  taken = ""
  writes = 0
  private readonly asked = new Condition()
  private pending: ((code: string | undefined, count: number) => void) | undefined
  private offered = ""

  constructor() {
    this.output = new Output({
      write: (bytes, offset, done) => {
        this.offered = Buffer.from(bytes.subarray(offset)).toString()
        this.pending = done
        this.writes++
        this.asked.changed()
      },
      notice: (lines) => `(${lines} lines are missing)\n`,
    })
  }

  /** Waits for a write and takes at most `most` bytes of it. */
  async take(most = Number.POSITIVE_INFINITY): Promise<void> {
    const done = await this.next()
    const part = this.offered.slice(0, most)
    this.taken += part
    done(undefined, part.length)
  }

  /** Waits for a write and fails it. */
  async fail(code: string): Promise<void> {
    const done = await this.next()
    done(code, 0)
  }

  private async next(): Promise<(code: string | undefined, count: number) => void> {
    const done = await this.asked.until(() => this.pending, "write")
    this.pending = undefined
    return done
  }
}

test("lines of one turn are written together, in their order", async () => {
  const reader = new Reader()
  for (const line of ["one\n", "two\n", "three\n"]) reader.output.write(line)
  await reader.take()
  expect([reader.writes, reader.taken]).toEqual([1, "one\ntwo\nthree\n"])
})

test("a batch that is full is written without delay, and none while another is under way, or after an error", async () => {
  const reader = new Reader()
  const line = `${"x".repeat(fullBatch / 4 - 1)}\n`
  for (let i = 0; i < 3; i++) reader.output.write(line)
  expect(reader.writes).toBe(0)
  reader.output.write(line)
  expect(reader.writes).toBe(1)
  for (let i = 0; i < 5; i++) reader.output.write(line)
  expect(reader.writes).toBe(1)
  await reader.take()
  await reader.fail("EPIPE")
  for (let i = 0; i < 5; i++) reader.output.write(line)
  expect(reader.writes).toBe(2)
})

test("a short write is continued where it ended, and lines that come meanwhile follow", async () => {
  const reader = new Reader()
  reader.output.write("first\n")
  await reader.take(3)
  reader.output.write("second\n")
  await reader.fail("EAGAIN")
  await reader.take()
  await reader.take()
  expect([reader.taken, reader.output.dropped]).toEqual(["first\nsecond\n", 0])
})

test("beyond the limit whole lines are dropped and counted, and a notice stands where they are missing", async () => {
  const reader = new Reader()
  const line = `${"x".repeat(1023)}\n`
  const fitting = maxQueue / line.length
  for (let i = 0; i < fitting + 7; i++) reader.output.write(line)
  expect(reader.output.dropped).toBe(7)
  // The first of them filled a batch.
  await reader.take()
  await reader.take()
  expect(reader.taken).toBe(line.repeat(fitting) + "(7 lines are missing)\n")
  reader.output.write("again\n")
  await reader.take()
  expect(reader.taken).toEndWith("missing)\nagain\n")
})

test("what is under way counts towards the limit", async () => {
  const reader = new Reader()
  reader.output.write(`${"x".repeat(maxQueue - 10)}\n`)
  await reader.take(maxQueue / 2)
  reader.output.write("longer than nine\n")
  expect(reader.output.dropped).toBe(1)
  await reader.take()
  await reader.take()
  expect(reader.taken).toEndWith("\n(1 lines are missing)\n")
})

for (const code of ["EPIPE", "ENOSPC", "EIO"]) {
  test(`after ${code} the lines are counted, and told of once writing works again`, async () => {
    const reader = new Reader()
    reader.output.write("one\n")
    reader.output.write("two\n")
    await reader.fail(code)
    expect(reader.output.dropped).toBe(2)
    reader.output.write("three\n")
    const flushed = reader.output.flush(1000)
    await reader.take()
    expect(await flushed).toBe(true)
    expect(reader.taken).toBe("three\n(2 lines are missing)\n")
  })
}

test("a notice that could not be written is no dropped line, and its number is told later", async () => {
  const reader = new Reader()
  reader.output.write("one\n")
  await reader.fail("EPIPE")
  reader.output.write("two\n")
  void reader.output.flush(1000)
  await reader.fail("EPIPE")
  expect(reader.output.dropped).toBe(2)
  reader.output.write("three\n")
  void reader.output.flush(1000)
  await reader.take()
  expect(reader.taken).toBe("three\n(2 lines are missing)\n")
})

test("a line that an error tore is ended before the next begins", async () => {
  const reader = new Reader()
  reader.output.write("whole\n")
  reader.output.write("torn in the middle\n")
  await reader.take(10)
  await reader.fail("ENOSPC")
  expect(reader.output.dropped).toBe(1)
  for (const taken of [false, true]) {
    reader.output.write("next\n")
    void reader.output.flush(1000)
    if (taken) await reader.take()
    else await reader.fail("ENOSPC")
  }
  expect(reader.taken).toBe("whole\ntorn\nnext\n(2 lines are missing)\n")
})

test("flush writes at once, and says when everything is written", async () => {
  const reader = new Reader()
  reader.output.write("one\n")
  const flushed = reader.output.flush(1000)
  expect(reader.writes).toBe(1)
  reader.output.write("two\n")
  await reader.take()
  await reader.take()
  expect([await flushed, reader.taken]).toEqual([true, "one\ntwo\n"])
})

test("flush of nothing is done at once", async () => {
  const reader = new Reader()
  expect([await reader.output.flush(1000), reader.writes]).toEqual([true, 0])
})

test("flush ends when its time is over, or when the lines are lost", async () => {
  const reader = new Reader()
  reader.output.write("one\n")
  expect(await reader.output.flush(1)).toBe(false)
  const lost = reader.output.flush(1000)
  await reader.fail("EPIPE")
  expect(await lost).toBe(false)
})
