import { expect, test } from "bun:test"

import { formatBlock, readElements } from "../../../src/capture/case/blocks.ts"

const read = (text: string) => readElements(text.split("\n"), 0)

test("headings and blocks are read with their lines", () => {
  expect(read("# One\n\n## Two \n```json exact a=b=c\n{\n}\n```\n")).toEqual({
    elements: [
      { kind: "heading", line: 1, level: 1, text: "One" },
      { kind: "heading", line: 3, level: 2, text: "Two " },
      { kind: "block", line: 4, language: "json", words: ["exact"], values: new Map([["a", "b=c"]]), content: "{\n}" },
    ],
    problems: [],
  })
})

test("a block ends at a fence that is long enough, and not before", () => {
  const { elements } = read("````text\n```\n``` js\n`````x\n`````\n")
  expect(elements).toMatchObject([{ content: "```\n``` js\n`````x" }])
  expect(read("```text\n```` \n").elements).toMatchObject([{ content: "" }])
})

test("whatever else stands there is an error in its line, and reading goes on", () => {
  expect(read("a\n\n### Three\n# One\n~~~\n").problems.map(({ line }) => line)).toEqual([1, 3, 5])
  expect(read("a\n# One").elements).toHaveLength(1)
})

test("a block that is never closed is an error in the line where it begins", () => {
  expect(read("# One\n\n````text\n```\n").problems).toEqual([
    { line: 3, severity: "error", text: "this block is never closed: a line of 4 backquotes is missing" },
  ])
})

test("a fence is longer than every row of backquotes in its content", () => {
  expect(formatBlock("text", ["a"])).toBe("```text\na\n```\n")
  expect(formatBlock("text", [])).toBe("```text\n```\n")
  expect(formatBlock("text", ["`", "a ```` b"])).toBe("`````text\n`\na ```` b\n`````\n")
  for (const lines of [["```"], ["````js", "```", "````"], ["``"]]) {
    expect(read(formatBlock("x", lines)).elements).toMatchObject([{ content: lines.join("\n") }])
  }
})
