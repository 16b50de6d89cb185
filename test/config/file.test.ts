import { expect, test } from "bun:test"
import * as Result from "effect/Result"
import { fileTexts } from "../../src/config/file.ts"

const texts = (value: unknown) => Object.fromEntries(Result.getOrThrow(fileTexts("x.yaml", value)))
const problem = (value: unknown) => {
  const error = Result.getOrThrow(Result.flip(fileTexts("x.yaml", value)))
  expect(error.exitCode).toBe(78)
  return error.message
}

test("keys are option names, values are scalars, lists may be written as lists", () => {
  expect(
    texts({ "proxy-type": "dual", "proxy-port": 8080, "access-log": false, resolve: ["a:1=127.0.0.1:2", "b:1=::1"] }),
  ).toEqual({
    "proxy-type": "dual",
    "proxy-port": "8080",
    "access-log": "false",
    resolve: "a:1=127.0.0.1:2,b:1=::1",
  })
})

test("an empty file, and a key without a value, say nothing", () => {
  expect(texts(null)).toEqual({})
  expect(texts({})).toEqual({})
  expect(texts({ "proxy-type": null })).toEqual({})
})

test.each([["text"], [5], [[{ "proxy-type": "dual" }]]])("%j is no mapping and is refused", (value) => {
  expect(problem(value)).toBe("file x.yaml must hold option names and values, for example proxy-type: dual")
})

test("an unknown key is an error with a did-you-mean", () => {
  expect(problem({ "proxy-tpye": "dual" })).toBe(
    'file x.yaml holds "proxy-tpye", which is no option; did you mean proxy-type?',
  )
  expect(problem({ proxyInPort: 1 })).toContain("did you mean proxy-in-port?")
  expect(problem({ zzz: 1 })).toBe('file x.yaml holds "zzz", which is no option')
  expect(problem(JSON.parse('{"__proto__": 1}'))).toContain('"__proto__", which is no option')
})

test("a value of the wrong shape is an error that names its key", () => {
  expect(problem({ "proxy-type": ["dual"] })).toContain("proxy-type (file x.yaml)")
  expect(problem({ "proxy-host": ["::1"] })).toContain("in quotes if need be")
  expect(problem({ "proxy-type": { a: 1 } })).toContain("write one value")
  expect(problem({ resolve: [["a"]] })).toContain("write one value or a list of values")
  expect(problem({ resolve: [null] })).toContain("resolve (file x.yaml)")
})

test("the file cannot name another configuration file", () => {
  expect(problem({ config: "y.yaml" })).toBe("config (file x.yaml) cannot stand in the configuration file itself")
})

test("standard input is named as such", () => {
  expect(Result.getOrThrow(Result.flip(fileTexts("-", 5))).message).toStartWith("standard input must hold")
})
