import { expect, test } from "bun:test"

import { maxBytes, maxLines, Recent } from "../../../src/observe/access/recent.ts"
import { asLine } from "../../support/line.ts"
import { fuzz } from "../../support/random.ts"

test("the last lines are kept with their numbers, and the oldest give way", () => {
  const recent = new Recent()
  expect(recent.since(0)).toEqual({ first: 1, lines: [] })
  for (let i = 1; i <= maxLines + 5; i++) recent.add(asLine(`${i}\n`))
  const { first, lines } = recent.since(0)
  expect([first, lines.length, lines[0], lines.at(-1)]).toEqual([6, maxLines, "6\n", `${maxLines + 5}\n`])
  expect(recent.since(maxLines + 3)).toEqual({ first: maxLines + 4, lines: ["1004\n", "1005\n"] })
  expect(recent.since(maxLines + 5).lines).toEqual([])
})

test("few long lines are as much as many short ones", () => {
  const recent = new Recent()
  const line = "x".repeat(maxBytes / 4)
  for (let i = 0; i < 10; i++) recent.add(asLine(line))
  expect(recent.since(0).lines.length).toBe(4)
  recent.add(asLine("y"))
  expect(recent.since(0).lines).toEqual([line, line, line, "y"])
})

test("whatever the lengths, what is here is the end of what was added, unharmed", () => {
  fuzz(20, ({ below, pick }) => {
    const recent = new Recent()
    const added: Array<string> = []
    const longest = pick([10, 1000, 50_000, maxBytes])
    for (let i = 0; i < 300; i++) {
      added.push(`${i} ${pick(["x", "é", "€", "😀"]).repeat(below(longest / 4))}\n`)
      recent.add(asLine(added.at(-1) ?? ""))
      const { first, lines } = recent.since(0)
      expect(lines.length).toBeGreaterThan(0)
      expect(Buffer.byteLength(lines.join(""))).toBeLessThanOrEqual(maxBytes)
      expect([first, lines]).toEqual([added.length - lines.length + 1, added.slice(-lines.length)])
    }
  })
}, 20_000)

test("followers hear of everything until they leave", () => {
  const recent = new Recent()
  const heard: Array<string> = []
  const leave = recent.follow(({ target }, line) => void heard.push(`${target} ${line}`))
  recent.add(asLine('{"target":"a"}'))
  leave()
  recent.add(asLine('{"target":"b"}'))
  expect(heard).toEqual(['a {"target":"a"}'])
})
