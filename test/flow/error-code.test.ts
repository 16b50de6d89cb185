import { expect, test } from "bun:test"
import { readFile } from "node:fs/promises"

import { errorCode } from "../../src/flow/error-code.ts"

test("a system call that failed is told by its code, anything else by its words", async () => {
  expect(await readFile("/nowhere/at-all", "utf8").catch(errorCode)).toBe("ENOENT")
  expect(errorCode(new RangeError("too much"))).toBe("RangeError: too much")
  expect(errorCode("no error")).toBe("no error")
})
