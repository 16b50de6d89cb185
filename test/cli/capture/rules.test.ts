/** Rules files: that what is wrong is told with its line and its key. */
import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"

import { readRules } from "../../../src/cli/capture/rules.ts"

const problem = (text: string): string => {
  const read = readRules(text)
  if (Result.isSuccess(read)) throw new Error("nothing is wrong")
  return read.failure
}

test("rules are the object that the file holds; an empty file has none", () => {
  const text = `# what is ours
hide: [response.json.$..email, request.headers.x-user]
shapes: { email: true }
keep: [request.json.$.session_type]
drop_bodies: "host = vault.example"
`
  expect(Result.getOrThrow(readRules(text))).toEqual({
    hide: ["response.json.$..email", "request.headers.x-user"],
    shapes: { email: true },
    keep: ["request.json.$.session_type"],
    drop_bodies: "host = vault.example",
  })
  expect(Result.getOrThrow(readRules("# nothing\n"))).toBeNull()
})

describe("what is wrong", () => {
  test.each([
    ["hide: [a\n", "line 1 is not YAML: "],
    ["- hide\n", "line 1: the rules must be a mapping"],
    ["\nhide: []\nkepp: []\n", "line 3: kepp is no rule: write one of hide, shapes, keep, drop_bodies"],
    ["hide: []\nhide: []\n", 'line 2 holds "hide" again'],
    ["# hide: here\nhide: yes\n", "line 2: hide must be a list"],
    [
      'hide:\n  - request.headers.a\n  - "reqest.headers.b"\n',
      'line 3: hide[1] "reqest.headers.b" must begin with request. or response.',
    ],
    [
      "hide: [request.headers.a,\n  request.headers.a, request.heders.b]\n",
      'line 2: hide[2] "request.heders.b" names the part',
    ],
    ["keep: [request.headers.a]\nhide:\n  - request.headers.a\n  - 7\n", "line 4: hide[1] must be a place"],
    [
      "hide:\n  - hsot:a and request.headers.b\n",
      'line 2: hide[0] "hsot:a and request.headers.b" has a filter that asks for "hsot"',
    ],
    ["shapes:\n  card: false\n  emial: true\n", "line 3: shapes.emial is no shape"],
    ["shapes: { card: false,\n  email: 1 }\n", "line 2: shapes.email must be true or false"],
    ["keep: []\n'drop_bodies': hsot:a\n", 'line 2: drop_bodies "hsot:a" asks for "hsot"'],
  ])("%j", (text, words) => {
    expect(problem(text)).toStartWith(words)
  })

  test("is told once, and how much more there is", () => {
    expect(problem("a: 1\nb: 2\nc: 3\n")).toBe(
      "line 1: a is no rule: write one of hide, shapes, keep, drop_bodies (and 2 more)",
    )
  })
})
