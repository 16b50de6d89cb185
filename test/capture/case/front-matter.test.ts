import { expect, test } from "bun:test"

import { caseOf } from "../../../src/capture/case/case.ts"
import { maxFrontMatter, readFrontMatter, writeFrontMatter } from "../../../src/capture/case/front-matter.ts"
import { readYaml } from "../../support/case-files.ts"
import { charge, makeExchange } from "../../support/capture-records.ts"

const made = caseOf(makeExchange())!
const head =
  "---\npillion: case/1\nid: 019b2f6e-1bf1-7c02-8e11-0c5d2a77b0aa\ndirection: inbound\nstarted: 2026-11-28T09:30:00.061000Z\n"

test("keys stand in one order, and only those that are known", () => {
  expect(writeFrontMatter(made)).toBe(`${head}---\n`)
  expect(writeFrontMatter(caseOf(charge)!)).toEndWith(
    "took: 152.4ms\ntarget: pay.example:443\ntls: true\ncause: 019b2f6e-1bf1-7c02-8e11-0c5d2a77b0aa\n---\n",
  )
})

const values = [
  "a",
  "true",
  "No",
  "null",
  "1e5",
  "1E5",
  "0x1f",
  "12",
  "a:",
  "a: b",
  "- a",
  "[x",
  "{",
  "#",
  "é",
  "\u0085",
  "\u2028",
  "~",
  "",
  " a",
  "a #b",
  "'",
  '"',
  "\\",
  "*a",
  "&a",
  "!x",
  "y",
  "nan",
  "ECONNRESET",
  "2026-11-28",
]

test.each(values)("any text comes back as the same text: %j", (error) => {
  const text = writeFrontMatter({ ...made, error })
  const { front, next, problems } = readFrontMatter(text.split("\n"), readYaml)
  expect(problems).toEqual([])
  expect(front?.error).toBe(error)
  expect(next).toBe(text.split("\n").length - 1)
})

test("rules of matching and comparing are kept whatever they say", () => {
  const match = { ignore: ["$.ref"], headers: [] }
  const compare = { check: { "$.total": { within: 0.01 } } }
  const { front } = readFrontMatter(writeFrontMatter({ ...made, match, compare }).split("\n"), readYaml)
  expect(front).toMatchObject({ match, compare })
})

const took = (text: string) => readFrontMatter(`${head}took: ${text}\n---`.split("\n"), readYaml)

test("durations are milliseconds or seconds", () => {
  expect(took("12.5ms").front?.took).toBe(12.5)
  expect(took("2s").front?.took).toBe(2000)
  expect(took("2m").problems).toEqual([{ line: 6, severity: "error", text: "took must be a time such as 152.4ms" }])
})

const problemsOf = (text: string) =>
  readFrontMatter(text.split("\n"), readYaml).problems.map(({ line, text }) => `${line}: ${text}`)

test("front matter that is no mapping, too long, or not YAML is an error", () => {
  expect(problemsOf("---\n- a\n---")).toEqual(["2: the front matter is no list of keys and values"])
  expect(problemsOf(`---\na: ${"a".repeat(maxFrontMatter)}\n---`)).toEqual([
    "1: the front matter is longer than 65536 characters",
  ])
  expect(problemsOf("---\n\na: [\n---")[0]).toStartWith("3: ")
})
