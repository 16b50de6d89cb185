import { expect, test } from "bun:test"

import { charsetOf, essenceOf, isBulky, isForm, isJson, isTextual } from "../../src/capture/media-type.ts"

test("the essence is the type without its parameters, in lower case", () => {
  expect(["Text/HTML; charset=x", " application/json ", ""].map(essenceOf)).toEqual([
    "text/html",
    "application/json",
    "",
  ])
})

test("a charset is found among parameters, quoted or not", () => {
  expect(['a/b; q=1; charset="UTF-8"', "a/b;charset=latin1", "a/b", "a/b; xcharset=c"].map(charsetOf)).toEqual([
    "utf-8",
    "latin1",
    undefined,
    undefined,
  ])
})

test("text, JSON, XML, YAML, forms and whatever names a charset are text", () => {
  const text = [
    "text/plain",
    "text/event-stream",
    "application/json",
    "application/problem+json",
    "application/x-ndjson",
    "application/xml",
    "image/svg+xml",
    "application/yaml",
    "application/x-yaml",
    "application/x-www-form-urlencoded",
    "application/whatever; charset=utf-8",
  ]
  const others = ["", "application/octet-stream", "image/png", "application/jsonx", "multipart/form-data; boundary=x"]
  expect(text.filter((type) => !isTextual(type))).toEqual([])
  expect(others.filter(isTextual)).toEqual([])
})

test("JSON and forms are known", () => {
  expect(["application/json", "a/b+json; x=1", "text/json", "application/x-ndjson"].map(isJson)).toEqual([
    true,
    true,
    true,
    false,
  ])
  expect(["application/x-www-form-urlencoded; charset=a", "text/plain"].map(isForm)).toEqual([true, false])
})

test("images, fonts, media and archives are bulky; SVG is text", () => {
  const bulky = ["image/png", "font/woff2", "video/mp4", "audio/ogg", "application/zip", "application/octet-stream"]
  expect(bulky.filter((type) => !isBulky(type))).toEqual([])
  expect(["image/svg+xml", "text/plain", "application/json", ""].filter(isBulky)).toEqual([])
})
