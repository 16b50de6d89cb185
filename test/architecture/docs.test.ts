import { expect, test } from "bun:test"

import { updateDocs } from "../../scripts/docs.ts"

test("lists in the documents are what the code says; `bun run docs` writes them", async () => {
  expect(await updateDocs(true)).toEqual([])
})
