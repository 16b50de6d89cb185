/** Open directory: for this user and this process alone, or not at all. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import {
  type DirectoryRequest,
  openDirectory,
  type OpenedDirectory,
} from "../../../src/capture/directory/open-directory.ts"
import { lockFile } from "../../../src/system/lock-file.ts"

let folder = ""
const opened: Array<OpenedDirectory> = []
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "pillion-open-"))))
afterEach(() => {
  for (const each of opened.splice(0)) each.release()
  rmSync(folder, { recursive: true, force: true })
})

const ask = (request: Partial<DirectoryRequest> = {}) =>
  openDirectory({
    path: join(folder, "captures"),
    key: undefined,
    uid: process.getuid!(),
    host: "web-7f9c",
    pid: 42,
    lock: lockFile,
    ...request,
  })

const open = (request?: Partial<DirectoryRequest>): OpenedDirectory => {
  const result = ask(request)
  if ("problem" in result) throw new Error(result.problem)
  opened.push(result.opened)
  return result.opened
}

const modeOf = (...path: ReadonlyArray<string>): string => (statSync(join(folder, ...path)).mode & 0o777).toString(8)

test("a directory that is not there is made with the ones above it, for this user alone, and git ignores it", () => {
  const path = join(folder, "a/b/captures/")
  const { key, isShared, path: where } = open({ path })
  expect(where).toBe(join(folder, "a/b/captures"))
  expect(isShared).toBe(false)
  expect(["a", "a/b", "a/b/captures"].map((each) => modeOf(each))).toEqual(["700", "700", "700"])
  expect(readdirSync(where).toSorted()).toEqual([".gitignore", ".key", ".lock"])
  expect(readdirSync(where).map((name) => modeOf("a/b/captures", name))).toEqual(["600", "600", "600"])
  expect(readFileSync(join(where, ".gitignore"), "utf8")).toBe("*\n")
  expect(key.length).toBe(32)
  expect(Buffer.compare(readFileSync(join(where, ".key")), key)).toBe(0)
})

test("a directory keeps its key; one that is given is used instead, and none is made then", () => {
  const first = open()
  first.release()
  expect(open().key).toEqual(first.key)
  const key = new Uint8Array(16).fill(7)
  expect(open({ path: join(folder, "other"), key }).key).toEqual(key)
  expect(existsSync(join(folder, "other/.key"))).toBe(false)
})

describe("refused is a directory", () => {
  test("that is a link, however it is spelled", () => {
    mkdirSync(join(folder, "real"), { mode: 0o700 })
    symlinkSync(join(folder, "real"), join(folder, "captures"))
    const problem = "is a link: name the directory itself"
    expect(ask()).toEqual({ problem })
    expect(ask({ path: join(folder, "captures/") })).toEqual({ problem })
    expect(readdirSync(join(folder, "real"))).toEqual([])
  })

  test("that belongs to another user", () => {
    expect(ask({ uid: process.getuid!() + 1 })).toEqual({ problem: "belongs to another user" })
  })

  test.each([0o750, 0o705, 0o710, 0o777])("that others may use: %o", (mode) => {
    mkdirSync(join(folder, "captures"))
    chmodSync(join(folder, "captures"), mode)
    expect(ask()).toEqual({ problem: "is open to other users: chmod 700 it, or name one below it" })
    expect(modeOf("captures")).toBe(mode.toString(8))
    expect(readdirSync(join(folder, "captures"))).toEqual([])
  })

  test("that is a file, or below one", () => {
    writeFileSync(join(folder, "captures"), "")
    expect(ask()).toEqual({ problem: "cannot be used (EEXIST)" })
    expect(ask({ path: join(folder, "captures/below") })).toEqual({ problem: "cannot be used (ENOTDIR)" })
  })

  test("whose key others may read, is a link, or is too short", () => {
    open().release()
    const key = join(folder, "captures/.key")
    chmodSync(key, 0o640)
    expect(ask()).toEqual({ problem: "has a .key that is open to other users: chmod 600 it" })
    chmodSync(key, 0o600)
    writeFileSync(key, "x".repeat(15))
    expect(ask()).toEqual({ problem: "has a .key of fewer than 16 bytes" })
    rmSync(key)
    writeFileSync(join(folder, "elsewhere"), "x".repeat(32), { mode: 0o600 })
    symlinkSync(join(folder, "elsewhere"), key)
    expect(ask()).toEqual({ problem: "cannot be used (ELOOP)" })
  })
})

describe("a directory that another process has", () => {
  test("is shared: each has one below it, and all have one key", () => {
    const first = open()
    const second = open({ pid: 43 })
    expect(second.path).toBe(join(first.path, "web-7f9c-43"))
    expect(second.isShared).toBe(true)
    expect(second.key).toEqual(first.key)
    expect(modeOf("captures/web-7f9c-43")).toBe("700")
    expect(readdirSync(second.path).toSorted()).toEqual([".gitignore", ".lock"])
    first.release()
    expect(open({ pid: 44 }).path).toBe(first.path)
  })

  test("is not taken where its own place below it is taken too", () => {
    open()
    open()
    expect(ask()).toEqual({ problem: "is used by another process of this host and this number" })
  })

  test("may be any one where there are no locks: each has its own below it", () => {
    expect(open({ lock: () => "unsupported" }).path).toBe(join(folder, "captures/web-7f9c-42"))
  })

  test("is free again when that process was killed", async () => {
    const script = `
      import { openDirectory } from ${JSON.stringify(join(import.meta.dir, "../../../src/capture/directory/open-directory.ts"))}
      import { lockFile } from ${JSON.stringify(join(import.meta.dir, "../../../src/system/lock-file.ts"))}
      const request = { path: ${JSON.stringify(join(folder, "captures"))}, key: undefined, uid: process.getuid(), host: "h", pid: 1 }
      console.log(openDirectory({ ...request, lock: lockFile }).opened.isShared)
      setInterval(() => {}, 1000)
    `
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" })
    const { value } = await child.stdout.getReader().read()
    expect(Buffer.from(value!).toString()).toBe("false\n")
    const shared = open()
    expect(shared.isShared).toBe(true)
    child.kill("SIGKILL")
    await child.exited
    expect(open({ pid: 7 }).isShared).toBe(false)
  })
})
