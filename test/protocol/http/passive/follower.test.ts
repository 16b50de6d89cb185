import { expect, test } from "bun:test"

import { type FollowerOwner, HttpFollower } from "../../../../src/protocol/http/passive/follower.ts"
import { ascii } from "../../../support/bytes.ts"

test("a request and its answer are followed", () => {
  const seen: Array<string> = []
  const owner: FollowerOwner = {
    followed: ({ method, authority, path, status, bytesIn, bytesOut }) =>
      seen.push(`${method} ${authority} ${path} ${status} ${bytesIn} ${bytesOut}`),
    lost: (why) => seen.push(`lost: ${why}`),
    upgraded: (to) => seen.push(`upgraded: ${to}`),
  }
  const follower = new HttpFollower({ maxHeadBytes: 65_536, maxHeadFields: 128, maxPipelined: 1024 }, owner)
  follower.request(ascii("POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"), 1)
  follower.response(ascii("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), 2)
  expect(seen).toEqual(["POST h /a 200 2 3"])
})
