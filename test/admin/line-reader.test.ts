/** Lines on their way to readers: in batches, bounded, and none is missing unseen. */
import { expect, test } from "bun:test"

import { LineReader, LineReaders } from "../../src/admin/line-reader.ts"

const make = (maxWait: number) => {
  const losses: Array<number> = []
  const reader = new LineReader<string>({
    maxWait,
    join: (lines) => Buffer.from(lines.join("")),
    notice: (text) => text,
    lost: () => void losses.push(1),
  })
  return { reader, losses }
}

const textOf = async (bytes: Promise<Uint8Array>): Promise<string> => Buffer.from(await bytes).toString()

test("lines that come close together are one piece", async () => {
  const { reader } = make(100)
  const piece = textOf(reader.next())
  reader.add("a\n")
  reader.add("b\n")
  expect(await piece).toBe("a\nb\n")
  reader.add("c\n")
  expect(await textOf(reader.next())).toBe("c\n")
})

test("what does not fit is lost, and told where it is missing", async () => {
  const { reader, losses } = make(6)
  for (const line of ["aaa\n", "bb\n", "c\n", "d\n"]) reader.add(line)
  expect(losses).toHaveLength(2)
  expect(await textOf(reader.next())).toBe('aaa\n{"dropped":1}\nc\n{"dropped":1}\n')
  reader.add("e\n")
  expect(await textOf(reader.next())).toBe("e\n")
})

test("a line that is longer than all that may wait waits alone", async () => {
  const { reader, losses } = make(3)
  reader.add("long line\n")
  reader.add("x\n")
  expect(losses).toHaveLength(1)
  expect(await textOf(reader.next())).toBe('long line\n{"dropped":1}\n')
})

test("a stream begins before there is a line, and who goes away is let go of once", async () => {
  const readers = new LineReaders<string>({
    maxReaders: 2,
    maxWait: 3,
    join: (lines) => Buffer.from(lines.join("")),
    notice: (text) => text,
  })
  const takes: Array<(line: string) => void> = []
  let left = 0
  const open = () =>
    readers
      .open((take) => {
        takes.push(take)
        return () => void left++
      })
      .getReader()
  const [first, second] = [open(), open()]
  expect(readers.isFull).toBe(true)
  expect(Buffer.from((await first.read()).value!).toString()).toBe("\n")
  const piece = first.read()
  takes[0]?.("a\n")
  expect(Buffer.from((await piece).value!).toString()).toBe("a\n")
  for (const take of takes) for (const line of ["b\n", "c\n"]) take(line)
  expect(readers.dropped).toBe(2)
  await first.cancel()
  expect([left, readers.isFull]).toEqual([1, false])
  await second.cancel()
  expect(left).toBe(2)
})
