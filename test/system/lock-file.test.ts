/** Lock file: one process has a lock, and no longer than it lives. */
import { expect, test } from "bun:test"
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { lockFile } from "../../src/system/lock-file.ts"

test("who opens a file again does not get the lock until the first one has closed it", () => {
  const folder = mkdtempSync(join(tmpdir(), "pillion-lock-"))
  const path = join(folder, "lock")
  const first = openSync(path, "w")
  const second = openSync(path, "r+")
  try {
    expect(lockFile(first)).toBe("locked")
    expect(lockFile(first)).toBe("locked")
    expect(lockFile(second)).toBe("taken")
    closeSync(first)
    expect(lockFile(second)).toBe("locked")
  } finally {
    closeSync(second)
    rmSync(folder, { recursive: true })
  }
})
