import { expect, test } from "bun:test"

import { readExtensions } from "../../../src/protocol/websocket/extensions.ts"

test("what was agreed on is known by its name", () => {
  expect(readExtensions("")).toEqual({ deflate: false, others: [] })
  expect(readExtensions("permessage-deflate")).toEqual({ deflate: true, others: [] })
  expect(readExtensions("Permessage-Deflate; server_no_context_takeover; client_max_window_bits=12")).toEqual({
    deflate: true,
    others: [],
  })
  expect(readExtensions('x-other; q="a, permessage-deflate" , bbf')).toEqual({
    deflate: false,
    others: ["x-other", "bbf"],
  })
})
