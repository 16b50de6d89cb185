import { expect, test } from "bun:test"

import { jsonTree, maxTreeDepth, memberPath, treeText } from "../../src/capture/json-tree.ts"

test("leaves are the text that they are", () => {
  expect(jsonTree(' { "a" : [1.10, 12345678901234567890, "\\u0041"], "b": {} } ')).toEqual({
    kind: "object",
    members: new Map([
      [
        "a",
        {
          kind: "array",
          elements: [
            { kind: "leaf", text: "1.10" },
            { kind: "leaf", text: "12345678901234567890" },
            { kind: "leaf", text: '"\\u0041"' },
          ],
        },
      ],
      ["b", { kind: "object", members: new Map() }],
    ]),
  })
  expect(jsonTree("null")).toEqual({ kind: "leaf", text: "null" })
})

test("a tree as text is its JSON in one line; of two members of a name the last counts", () => {
  for (const text of ['{"a":[1.10,{"b":null}],"c d":"x"}', "[]", "{}", "1e5"])
    expect(treeText(jsonTree(text)!)).toBe(text)
  expect(treeText(jsonTree('{"a":1,"\\u0061":2,"__proto__":3}')!)).toBe('{"a":2,"__proto__":3}')
})

test("what is no JSON, or nested too deep, has no tree", () => {
  expect(jsonTree("{")).toBeUndefined()
  const [open, close] = ["[", "]"].map((bracket) => bracket.repeat(maxTreeDepth))
  expect(jsonTree(`${open}1${close}`)).toBeDefined()
  expect(jsonTree(`${open}[1]${close}`)).toBeUndefined()
  expect(jsonTree(`${'{"a":'.repeat(maxTreeDepth + 1)}1${"}".repeat(maxTreeDepth + 1)}`)).toBeUndefined()
})

test("paths are those of JSONPath", () => {
  expect(memberPath("$", "a_1")).toBe("$.a_1")
  expect(memberPath("$.a", 'b "c')).toBe('$.a["b \\"c"]')
  expect(memberPath("$", "1a")).toBe('$["1a"]')
})
