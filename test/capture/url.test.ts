import { expect, test } from "bun:test"

import { authorityOf, pairsOf, pathOf, queryOf, urlOf, valueOf, valuesOf } from "../../src/capture/url.ts"
import { charge, makeRequest } from "../support/capture-records.ts"

const at = (target: string, host = "shop.test") => ({ request: makeRequest({ target, headers: [["Host", host]] }) })

test("a URL is put together of what was sent, and https only where TLS was opened", () => {
  expect(urlOf(charge)).toBe("https://pay.example/v1/charges?key=tok_4b1d9e77a0c2")
  expect(urlOf(at("/a?b"))).toBe("http://shop.test/a?b")
  expect(urlOf({ ...at("/a"), tls: { opened: false } })).toBe("http://shop.test/a")
  expect(urlOf(at("https://a.test:81/b"))).toBe("https://a.test:81/b")
  expect(urlOf(at("*"))).toBe("http://shop.test/*")
})

test("the authority is the target's, else that of Host, else what the connection was for", () => {
  expect(authorityOf(at("http://a.test:81?x"))).toBe("a.test:81")
  expect(authorityOf(at("/x"))).toBe("shop.test")
  const request = makeRequest({ headers: [] })
  expect(authorityOf({ request, authority: "b.test", target: "c.test:80" })).toBe("b.test")
  expect(authorityOf({ request, target: "c.test:80" })).toBe("c.test:80")
  expect(authorityOf({ request })).toBe("")
})

test("path and query of any form of target", () => {
  expect(["/a/b?c#d", "http://h/a?b", "http://h?b", "*", "/"].map(pathOf)).toEqual(["/a/b", "/a", "", "*", "/"])
  expect(queryOf("/a?b=1&c&&d=%C3%A9+x&e=%zz&=f#g=h")).toEqual([
    ["b", "1"],
    ["c", ""],
    ["d", "é x"],
    ["e", "%zz"],
    ["", "f"],
  ])
  expect(queryOf("/a")).toEqual([])
  expect(pairsOf("")).toEqual([])
})

test("fields are found by name in any case", () => {
  const headers = [
    ["a", "1"],
    ["A", "2"],
  ] as const
  expect(valueOf(headers, "a")).toBe("1")
  expect(valuesOf(headers, "a")).toEqual(["1", "2"])
  expect(valueOf(headers, "b")).toBeUndefined()
})
