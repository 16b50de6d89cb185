/** Paths become routes: what identifies one thing is taken out, words stay. */
import { expect, test } from "bun:test"

import { maxRead, maxTemplate, maxWord, routeTemplate } from "../../../src/observe/metrics/route-template.ts"

test.each([
  ["/", "/"],
  ["", ""],
  ["*", "*"],
  ["/orders", "/orders"],
  ["/orders/17", "/orders/{id}"],
  ["/orders/17/items/4/", "/orders/{id}/items/{id}/"],
  ["/v1/users", "/v1/users"],
  ["/users/0b5f6d0e-0f5f-4a52-9d3e-6a3c9d6f7e11/photo", "/users/{id}/photo"],
  ["/users/0B5F6D0E-0F5F-4A52-9D3E-6A3C9D6F7E11", "/users/{id}"],
  ["/commits/deadbeef", "/commits/{id}"],
  ["/commits/deadbee", "/commits/deadbee"],
  ["/blobs/9f86d081884c7d65", "/blobs/{id}"],
  ["/recommendations", "/recommendations"],
  [`/t/${"x".repeat(maxWord)}`, `/t/${"x".repeat(maxWord)}`],
  [`/t/${"x".repeat(maxWord + 1)}/u`, "/t/{id}/u"],
  ["/img/logo2.png", "/img/logo2.png"],
  ["/a//b", "/a//b"],
])("%p is %p", (path, template) => {
  expect(routeTemplate(path)).toBe(template)
})

test("a path of many segments is cut", () => {
  const template = routeTemplate("/word".repeat(1000))
  expect([template.length, template.at(-1), template.startsWith("/word/word")]).toEqual([maxTemplate, "…", true])
})

test("of a very long path only the beginning is read", () => {
  expect(routeTemplate(`/a/${"7".repeat(maxRead)}/b`)).toBe("/a/{id}")
})
