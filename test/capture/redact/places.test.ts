import { expect, test } from "bun:test"

import { isAtPlace, parsePlace, pathText, type Path } from "../../../src/capture/redact/places.ts"

const fits = (text: string, path: Path): boolean => {
  const parsed = parsePlace(text)
  if ("problem" in parsed) throw new Error(parsed.problem)
  return isAtPlace(parsed.place, path)
}

test("paths fit by name, by index, by wildcard and at any depth", () => {
  const holds: ReadonlyArray<readonly [place: string, path: Path, fits: boolean]> = [
    ["request.json.$.patient.name", ["patient", "name"], true],
    ["request.json.$.patient.name", ["patient"], false],
    ["request.json.$.patient.name", ["patient", "name", "first"], false],
    ["request.json.$", [], true],
    ["response.json.$..email", ["email"], true],
    ["response.json.$..email", ["a", 0, "email"], true],
    ["response.json.$..email", ["email", "x"], false],
    ["response.json.$..a..b.c", ["a", "b", "x", "a", "b", "c"], true],
    ["response.json.$..a..b.c", ["b", "a", "c"], false],
    ["request.json.$.*.name", ["x", "name"], true],
    ["request.json.$.list[*].name", ["list", 7, "name"], true],
    ["request.json.$.list[7]", ["list", 7], true],
    ["request.json.$.list[7]", ["list", 8], false],
    ["request.json.$['a b'][\"c.d\"]", ["a b", "c.d"], true],
    ["request.json.$..[0]", ["x", 0], true],
    ["request.json.$..*", ["x", "y"], true],
    ["request.xml.$.s:Envelope..@id", ["s:Envelope", "b", "@id"], true],
    ["response.headers.X-User", ["x-user"], true],
    ["response.headers.x-user", ["X-USER"], true],
    ["request.form.user[email]", ["user[email]"], true],
    ["request.query.Q", ["q"], false],
    ["request.cookies.*", ["anything"], true],
  ]
  for (const [place, path, expected] of holds) expect([place, path, fits(place, path)]).toEqual([place, path, expected])
})

const problemOf = (text: string): string => {
  const parsed = parsePlace(text)
  return "problem" in parsed ? parsed.problem : "none"
}

test("what is no place says why", () => {
  expect(problemOf("json.$.a")).toBe("must begin with request. or response., a part, and a name or a path")
  expect(problemOf("request.headers.")).toBe("must begin with request. or response., a part, and a name or a path")
  expect(problemOf("request.header.x")).toBe(
    'names the part "header": write one of headers, trailers, cookies, query, form, multipart, json, xml',
  )
  expect(problemOf("request.json.a")).toBe("must have a path that begins with $ there")
  expect(problemOf("request.json.$.a[x]")).toBe('is not understood from "[x]" on')
  expect(problemOf("request.json.$.a.")).toBe('is not understood from "." on')
})

test("a path is written as a place is, and not without end", () => {
  expect(pathText(["a", 0, "b-c", "d e"])).toBe('$.a[0].b-c["d e"]')
  expect(pathText(Array.from({ length: 10_000 }, () => "x")).length).toBeLessThan(210)
})

test("a hostile path takes no longer than its steps times its length", () => {
  const place = `request.json.$${"..a".repeat(50)}..b`
  const path = Array.from({ length: 500 }, () => "a")
  const started = performance.now()
  expect(fits(place, path)).toBe(false)
  expect(performance.now() - started).toBeLessThan(1_000)
})
