/** The language of filters: what is understood and how, what is not and why. */
import { describe, expect, test } from "bun:test"

import { compile } from "../../../src/observe/filter/compile.ts"
import { type Expression, operators, print } from "../../../src/observe/filter/expression.ts"
import { maxDepth, maxFilter, maxTerms, parse } from "../../../src/observe/filter/parse.ts"
import { isProblem } from "../../../src/observe/filter/problem.ts"
import { Vocabulary } from "../../../src/observe/filter/vocabulary.ts"
import { fuzz } from "../../support/random.ts"
import { type Thing, thing, understood, vocabulary } from "../../support/things.ts"

/** An expression with all of its parentheses; every word and value in quotes. */
const spelled = (expression: Expression): string => {
  switch (expression._tag) {
    case "Everything":
      return "everything"
    case "And":
      return `(${expression.parts.map(spelled).join(" and ")})`
    case "Or":
      return `(${expression.parts.map(spelled).join(" or ")})`
    case "Not":
      return `not ${spelled(expression.part)}`
    case "Word":
      return JSON.stringify(expression.text)
    case "Fact":
      return expression.name
    case "Term":
      return `${expression.field}${expression.operator}${JSON.stringify(expression.value)}`
  }
}

describe("a text is understood", () => {
  test.each([
    ["", "everything"],
    ["  \t ", "everything"],
    ["a", '"a"'],
    ["a b", '("a" and "b")'],
    ["a and b AND c", '("a" and "b" and "c")'],
    ["a or b c or d", '("a" or ("b" and "c") or "d")'],
    ["not a b", '(not "a" and "b")'],
    ["not a or b", '(not "a" or "b")'],
    ["-a Not -b", '(not "a" and not not "b")'],
    ["not(a or b) c", '(not ("a" or "b") and "c")'],
    ["-(a b)", 'not ("a" and "b")'],
    ["((a))", '"a"'],
    ["a (b or (c d))", '("a" and ("b" or ("c" and "d")))'],
    ["old", "old"],
    ["not OLD", "not old"],
    ["-old", "not old"],
    ["name:x", 'name:"x"'],
    ["NAME:X", 'name:"X"'],
    ["name: x", 'name:"x"'],
    ["-name:x", 'not name:"x"'],
    ["name:-x", 'name:"-x"'],
    ["name=x", 'name="x"'],
    ["name = x", 'name="x"'],
    ["name!=x", 'name!="x"'],
    ["name  ~  x", 'name~"x"'],
    ["name !~x", 'name!~"x"'],
    ["size>1 size >= 2 size< 3 size <=4", '(size>"1" and size>="2" and size<"3" and size<="4")'],
    ["name:a=b:c~d", 'name:"a=b:c~d"'],
    ["name:http://x/y?z=1", 'name:"http://x/y?z=1"'],
    ['name:"a b"', 'name:"a b"'],
    ["name = 'a \"b\" (c)'", 'name="a \\"b\\" (c)"'],
    ['name:""', 'name:""'],
    ["\"a b\" 'or'", '("a b" and "or")'],
    ['"name" "old" "-x"', '("name" and "old" and "-x")'],
    ["it's a\"b", '("it\'s" and "a\\"b")'],
    ["(name:x)", 'name:"x"'],
    ["name:x(a)", '(name:"x" and "a")'],
    ["/orders/7?x=1", '"/orders/7?x=1"'],
    ["127.0.0.1:80 [::1]:80 ::1 :8080", '("127.0.0.1:80" and "[::1]:80" and "::1" and ":8080")'],
    ["localhost:80 api.example.com:443", '("localhost:80" and "api.example.com:443")'],
    ["db:5432/x", '"db:5432/x"'],
    ["name.x", '"name.x"'],
    ["tag.x-Y:z TAG.Q=z", '(tag.x-Y:"z" and tag.Q="z")'],
    [
      "size:1 size:1..2 size:1.. size:..2 size:1.5",
      '(size:"1" and size:"1..2" and size:"1.." and size:"..2" and size:"1.5")',
    ],
    ["code:5xx code=4XX", '(code:"5xx" and code="4XX")'],
    ["colour:RED", 'colour:"RED"'],
  ])("%p", (text, meaning) => {
    expect(spelled(understood(text))).toBe(meaning)
  })
})

const names = "name, colour, shape, size, code, tag.NAME"

describe("a text is refused, with the place and what to write instead", () => {
  test.each([
    ["nobody = 1", 1, `asks for "nobody" at character 1: write one of ${names}`],
    [
      "constructor:x",
      1,
      `asks for "constructor" at character 1: write one of ${names}; as a word to look for write "constructor:x", in a shell '"constructor:x"'`,
    ],
    [
      "a (nmae:x)",
      4,
      `asks for "nmae" at character 4; did you mean name?; as a word to look for write "nmae:x", in a shell '"nmae:x"'`,
    ],
    [
      "siz:80",
      1,
      `asks for "siz" at character 1; did you mean size?; as a word to look for write "siz:80", in a shell '"siz:80"'`,
    ],
    ["tag:x", 1, 'asks for "tag" without a name at character 1: write tag.NAME'],
    [
      "tag.:x",
      1,
      `asks for "tag." at character 1; did you mean tag?; as a word to look for write "tag.:x", in a shell '"tag.:x"'`,
    ],
    ["old:true", 1, 'gives "old" a value at character 1: write old, or not old'],
    [
      "a name",
      3,
      `holds "name" without a value at character 3: write for example name:TEXT, or with another operator the whole filter in quotes; as a word to look for write "name", in a shell '"name"'`,
    ],
    [
      "Size /somewhere",
      1,
      `holds "Size" without a value at character 1: write for example size:100.., or with another operator the whole filter in quotes; as a word to look for write "Size", in a shell '"Size"'`,
    ],
    [
      "tag",
      1,
      `holds "tag" without a value at character 1: write for example tag:TEXT, or with another operator the whole filter in quotes; as a word to look for write "tag", in a shell '"tag"'`,
    ],
    ["name:", 6, 'has no value behind "name:" at character 6: write one, or quote it'],
    ["(name = )", 9, 'has no value behind "name =" at character 9: write one, or quote it'],
    ["name == x", 7, 'has "=" behind "name =" at character 7: write one operator, or the value in quotes'],
    ["size:>100", 6, 'has ">" behind "size:" at character 6: write one operator, or the value in quotes'],
    ["= x", 1, 'has "=" without a field before it at character 1: write for example status:5xx'],
    ['a "name" ~ x', 10, 'has "~" without a field before it at character 10: write for example status:5xx'],
    ["a - b", 3, 'has nothing behind "-" at character 3: write -path:/health'],
    ["-", 1, 'has nothing behind "-" at character 1: write -path:/health'],
    ["-and b", 1, 'has nothing behind "-" at character 1'],
    ["--)", 2, 'has nothing behind "-" at character 2: write -path:/health'],
    ["a or", 3, `has nothing behind "or" at character 3; as a word to look for write "or", in a shell '"or"'`],
    ["a and or b", 3, `has nothing behind "and" at character 3; as a word to look for write "and", in a shell '"and"'`],
    ["(not)", 2, `has nothing behind "not" at character 2; as a word to look for write "not", in a shell '"not"'`],
    ["and b", 1, `has nothing before "and" at character 1; as a word to look for write "and", in a shell '"and"'`],
    ["a (Or b)", 4, `has nothing before "Or" at character 4; as a word to look for write "Or", in a shell '"Or"'`],
    ["a ()", 3, "has nothing between the parentheses at character 3"],
    ["(a", 1, "opens a parenthesis at character 1 that is never closed"],
    ["a (", 3, "opens a parenthesis at character 3 that is never closed"],
    ["a)", 2, "closes a parenthesis at character 2 that was never opened"],
    [")", 1, "closes a parenthesis at character 1 that was never opened"],
    ['a "b', 3, 'opens a quote at character 3 that is never closed: write another " behind the text'],
    ["name:'b", 6, "opens a quote at character 6 that is never closed: write another ' behind the text"],
    ['"a"b', 4, 'has "b" right behind a quote at character 4: write a space between them'],
    [
      "size > soon",
      8,
      'compares size with "soon" at character 8, which is no number: write for example size:150, size:150.. or size:100..200',
    ],
    [
      "size:..",
      6,
      'compares size with ".." at character 6, which is no number: write for example size:150, size:150.. or size:100..200',
    ],
    [
      "size:1..2..3",
      6,
      'compares size with "1..2..3" at character 6, which is no number: write for example size:150, size:150.. or size:100..200',
    ],
    [
      "size:5xx",
      6,
      'compares size with "5xx" at character 6, which is no number: write for example size:150, size:150.. or size:100..200',
    ],
    [
      "size = 0x10",
      8,
      'compares size with "0x10" at character 8, which is no number: write for example size:150, size:150.. or size:100..200',
    ],
    [
      "code:bad",
      6,
      'compares code with "bad" at character 6, which is no number: write for example code:503, code:5xx or code:200..299',
    ],
    [
      "code > 5xx",
      8,
      'compares code with "5xx" at character 8, which is no number: write for example code:150, code:150.. or code:100..200',
    ],
    ["size:9..1", 6, "has a range that ends before it begins at character 6: write size:1..9"],
    ["name < 5", 8, "compares name by < at character 8: only numbers have an order; write name:TEXT"],
    ["colour:blue", 8, 'asks for colour "blue" at character 8, which never is: write one of red, green'],
    ["colour != blue", 11, 'asks for colour "blue" at character 11, which never is: write one of red, green'],
    ["x".repeat(maxFilter + 1), maxFilter + 1, "is longer than 500 characters"],
    [
      `name:${"y".repeat(60)}:x name`,
      69,
      'holds "name" without a value at character 69: write for example name:TEXT, or with another operator the whole filter in quotes; as a word to look for write "name", in a shell \'"name"\'',
    ],
    [
      `${"z".repeat(60)}:x`,
      1,
      `asks for "${"z".repeat(40)}…" at character 1: write one of ${names}; as a word to look for write "${"z".repeat(60)}:x", in a shell '"${"z".repeat(60)}:x"'`,
    ],
  ])("%p", (text, character, reason) => {
    const parsed = parse(text, vocabulary)
    expect(parsed).toEqual({ _tag: "Problem", problem: reason, at: character - 1 })
  })
})

const problemOf = (text: string): string | undefined => {
  const parsed = parse(text, vocabulary)
  return isProblem(parsed) ? parsed.problem : undefined
}

const nested = (depth: number): string => `${"(".repeat(depth)}x${")".repeat(depth)}`

describe("bounds", () => {
  test("of length, of words and terms, and of depth are reached and not passed", () => {
    expect(problemOf("x".repeat(maxFilter))).toBeUndefined()
    expect(problemOf("x ".repeat(maxTerms))).toBeUndefined()
    expect(problemOf("x ".repeat(maxTerms + 1))).toBe("has more than 50 words and terms at character 101")
    expect(problemOf(nested(maxDepth - 1))).toBeUndefined()
    expect(problemOf(nested(maxDepth))).toBe("goes deeper than 20 parentheses and negations at character 21")
    expect(problemOf(`${"-".repeat(maxDepth - 1)}x`)).toBeUndefined()
    expect(problemOf(`${"not ".repeat(maxDepth)}x`)).toBe(
      "goes deeper than 20 parentheses and negations at character 81",
    )
  })

  test("hold for the longest text of any kind: nothing throws, and what is understood can be asked", () => {
    for (const piece of ["(", ")", "-", "(-", '"', "'", " ", ":", "a:", "name:", "=", "..", "not ", "a or ", '" "']) {
      const text = piece.repeat(maxFilter).slice(0, maxFilter)
      const parsed = parse(text, vocabulary)
      if (!isProblem(parsed)) expect([true, false]).toContain(compile(parsed, vocabulary)(thing))
    }
  })
})

describe("an expression is printed", () => {
  test.each([
    ["", ""],
    ["name = x and -colour:red", "name = x not colour:red"],
    ["(a or b) c or d", "(a or b) c or d"],
    ["(a b) or (c or d)", "a b or (c or d)"],
    ["not (a b)", "not (a b)"],
    ["not not OLD", "not not old"],
    ['"or" "name" "tag" "old" "a b" "-x" x', '"or" "name" "tag" "old" "a b" "-x" x'],
    ["localhost:80", '"localhost:80"'],
    ['name:\'a "b"\' name:x\'y name:""', 'name:\'a "b"\' name:"x\'y" name:""'],
    ["size: 1..2", "size:1..2"],
  ])("%p as %p", (text, printed) => {
    expect(print(understood(text), vocabulary)).toBe(printed)
    expect(understood(printed)).toEqual(understood(text))
  })

  test("and parsed to the same again, whatever it is", () => {
    const texts = [
      "x",
      "or",
      "Name",
      "old",
      "tag.x",
      "a b",
      "(",
      "-x",
      "a:b",
      "x=1",
      "it's",
      '"',
      "1..2",
      "~",
      "é",
      ":8",
      "",
    ]
    fuzz(2000, ({ below, pick }) => {
      const value = (field: string): string => {
        if (field === "size") return pick(["1", "1..2", "..3", "4.."])
        if (field === "code") return pick(["5xx", "503"])
        return field === "colour" ? pick(["red", "GREEN"]) : pick(texts)
      }
      const leaf = (): Expression => {
        const field = pick(["name", "colour", "shape", "size", "code", "tag.x"])
        const operator = pick(operators.filter((each) => !/[<>]/.test(each)))
        if (below(3) === 0) return { _tag: "Term", field, operator, value: value(field) }
        if (below(6) === 0) return { _tag: "Term", field: "size", operator: pick([">", "<="]), value: "7" }
        return below(4) === 0 ? { _tag: "Fact", name: "old" } : { _tag: "Word", text: pick(texts) }
      }
      const tree = (depth: number): Expression => {
        const kind = depth === 0 ? 0 : below(4)
        if (kind === 0) return leaf()
        if (kind === 1) return { _tag: "Not", part: tree(depth - 1) }
        const parts = Array.from({ length: 2 + below(2) }, () => tree(depth - 1))
        return kind === 2 ? { _tag: "And", parts } : { _tag: "Or", parts }
      }
      const expression = tree(3)
      const printed = print(expression, vocabulary)
      expect([printed, parse(printed, vocabulary)]).toEqual([printed, expression])
    })
  })
})

test("an expression of another vocabulary is a defect", () => {
  const other = new Vocabulary<Thing>({ fields: {}, facts: {}, texts: () => [] })
  expect(() => compile(understood("name:x"), other)).toThrow("no such term: name : x")
  expect(() => compile(understood("old"), other)).toThrow("no such fact: old")
})
