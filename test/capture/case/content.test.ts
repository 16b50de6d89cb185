import { expect, test } from "bun:test"

import { readElements, type Block } from "../../../src/capture/case/blocks.ts"
import { maxInlineBase64, readContent, writeContent, type Content } from "../../../src/capture/case/content.ts"

const blockOf = (text: string): Block => {
  const [block] = readElements(text.split("\n"), 0).elements
  if (block?.kind !== "block") throw new Error("no block")
  return block
}

const write = (content: Content, type = "", more = "") => writeContent(content, type, more, "stem").block
const read = (block: string, files: Readonly<Record<string, Uint8Array>> = {}) =>
  readContent(blockOf(block), (name) => files[name])

test("compact JSON is laid out; any other stands as it came, and says so", () => {
  expect(write({ text: '{"a":1.10}' }, "application/json")).toBe('```json\n{ "a": 1.10 }\n```\n')
  expect(write({ text: '{"a": 1.10}' }, "application/json")).toBe('```json exact\n{"a": 1.10}\n```\n')
  expect(write({ text: "{a" }, "application/json")).toBe("```json exact\n{a\n```\n")
  expect(write({ text: '{"a":1}' })).toBe('```json\n{ "a": 1 }\n```\n')
  expect(write({ text: "1" })).toBe("```text\n1\n```\n")
})

test("a block is named by the type of its text", () => {
  const names = ["text/html", "text/xml", "a/b+xml", "application/x-www-form-urlencoded", "text/css", "a/b"]
  expect(names.map((type) => write({ text: "a" }, type).split("\n", 1)[0])).toEqual([
    "```html",
    "```xml",
    "```xml",
    "```form",
    "```css",
    "```text",
  ])
})

test("line ends of network texts are kept by a word; what an editor would break is base64", () => {
  expect(write({ text: "a\r\nb\r\n" })).toBe("```text crlf\na\nb\n\n```\n")
  expect(read("```text crlf\na\nb\n\n```")).toEqual({ text: "a\r\nb\r\n" })
  for (const text of ["a\rb", "a\r\nb\n", "a\nb\r\n", "a\x00", "\x7f", "\ufeffa"]) {
    expect(write({ text })).toStartWith("```base64 text\n")
    expect(read(write({ text }))).toEqual({ text })
  }
})

test("an empty text, and one that ends with an empty line, are what they are", () => {
  for (const text of ["", "\n", "a\n", "a\n\n"]) expect(read(write({ text }))).toEqual({ text })
  expect(read("```text\n```")).toEqual({ text: "" })
})

test("bytes are base64 in lines of 76, and a file beside the case when they are more than 8 KiB", () => {
  const small = new Uint8Array(maxInlineBase64)
  const large = new Uint8Array(maxInlineBase64 + 1)
  const inline = writeContent({ base64: small.toBase64() }, "application/pdf", "", "stem")
  expect(inline.file).toBeUndefined()
  expect(Math.max(...inline.block.split("\n").map((line) => line.length))).toBe(76)
  expect(read(inline.block)).toEqual({ base64: small.toBase64() })
  const beside = writeContent({ base64: large.toBase64() }, "application/pdf", "cut", "stem")
  expect(beside).toEqual({ block: "```file stem.pdf cut\n```\n", file: { name: "stem.pdf", bytes: large } })
  expect(read(beside.block, { "stem.pdf": large })).toEqual({ base64: large.toBase64() })
  expect(writeContent({ base64: large.toBase64() }, "a/b", "", "stem").file?.name).toBe("stem.bin")
})

test("what was left out says why", () => {
  expect(write({ omitted: "redaction" }, "", "size=3")).toBe("```omitted redaction size=3\n```\n")
  expect(read("```omitted budget\n```")).toEqual({ omitted: "budget" })
})

const wrong: ReadonlyArray<readonly [line: number, text: string, block: string]> = [
  [
    1,
    "a block of what was omitted says why: one of off, coding, redaction, budget, binary",
    "```omitted whatever\n```",
  ],
  [1, "this block does not say what it is: put a word behind the backquotes, such as text or json", "```\na\n```"],
  [3, "this line is not base64", "```base64\nAAAA\nA-\n```"],
  [1, "this is not base64 to its end", "```base64\nAAAAA\n```"],
  [1, "this is not text in UTF-8 as base64", "```base64 text\n/w==\n```"],
  [2, "the JSON ends too early", "```json\n\n```"],
  [4, "this is not JSON here; `json exact` keeps a text that is none", "```json\n{\n\n'a': 1}\n```"],
  [3, "this is not JSON here; `json exact` keeps a text that is none", "```json\n1\n2\n```"],
  [1, "there is no file a.bin beside this", "```file a.bin\n```"],
  [1, "a block of a file names one beside this, by letters, digits and ._{}- only", "```file\n```"],
  [1, "a block of a file names one beside this, by letters, digits and ._{}- only", "```file ../a.bin\n```"],
  [1, "a block of a file names one beside this, by letters, digits and ._{}- only", "```file .key\n```"],
]

test.each(wrong)("line %i: %s (%j)", (line, text, block) => {
  expect(read(block)).toEqual({ line, severity: "error", text })
})
