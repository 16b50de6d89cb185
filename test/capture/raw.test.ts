import { expect, test } from "bun:test"

import { fieldLines, rawRequest, rawResponse, requestHead, responseHead } from "../../src/capture/raw.ts"
import { fromHex } from "../support/bytes.ts"
import { binaryBody, makeRequest, makeResponse, textBody } from "../support/capture-records.ts"

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1")

test("a message is its head as sent, an empty line, and its content", () => {
  const request = makeRequest({
    method: "PUT",
    target: "/é",
    headers: [
      ["x", "1"],
      ["X", ""],
    ],
    body: textBody("é\n"),
  })
  expect(textOf(rawRequest(request))).toBe("PUT /é HTTP/1.1\r\nx: 1\r\nX:\r\n\r\n\xc3\xa9\n")
  const response = makeResponse(204, [["A", "b"]])
  expect(textOf(rawResponse(response))).toBe("HTTP/1.1 204 \r\nA: b\r\n\r\n")
  expect(rawResponse({ ...response, body: binaryBody(fromHex("00 ff")) }).subarray(-2)).toEqual(
    new Uint8Array([0, 255]),
  )
  expect(textOf(rawResponse({ ...response, body: { size: 9, wire: 9, type: "", omitted: "off" } }))).toEndWith(
    "b\r\n\r\n",
  )
})

test("heads as lines", () => {
  expect(requestHead(makeRequest())).toEqual(["GET / HTTP/1.1", "Host: shop.test"])
  expect(responseHead(makeResponse(200))).toEqual(["HTTP/1.1 200 OK"])
  expect(fieldLines([["A", ""]])).toEqual(["A:"])
})
