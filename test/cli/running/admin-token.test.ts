/** Admin token: where it is kept, and that nobody else's file or folder is taken for it. */
import { afterEach, beforeEach, expect, test } from "bun:test"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import {
  readToken,
  removeToken,
  type TokenPlaces,
  tokenFolders,
  type WrittenToken,
  writeToken,
} from "../../../src/cli/running/admin-token.ts"

const port = 4100
const uid = process.getuid?.() ?? 0
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "pillion-token-"))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Places of which only the last one can be made, but for what is said. */
const places = (more: Partial<TokenPlaces> = {}): TokenPlaces => ({
  runtime: undefined,
  run: join(root, "none/run"),
  temporary: root,
  uid,
  ...more,
})

const written = (where: TokenPlaces): WrittenToken => {
  const token = writeToken(port, where)
  if (token === undefined) throw new Error("no token")
  return token
}

test("the best place comes first", () => {
  const all = { runtime: "/run/user/7", run: "/run/pillion", temporary: "/tmp", uid: 7 }
  expect(tokenFolders(all)).toEqual(["/run/user/7/pillion", "/run/pillion", "/tmp/pillion-7"])
  expect(tokenFolders({ ...all, runtime: "" })).toEqual(["/run/pillion", "/tmp/pillion-7"])
})

test("it is written for this user alone, and read by the port of its proxy", () => {
  const { token, path } = written(places())
  expect(path).toBe(join(root, `pillion-${uid}`, "admin-4100.token"))
  expect(token).toMatch(/^[\w-]{43}$/)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(join(root, `pillion-${uid}`)).mode & 0o777).toBe(0o700)
  expect(readToken(port, places())).toBe(token)
  expect(readToken(port + 1, places())).toBeUndefined()
})

test("what an ended proxy left is replaced, and at the end nothing is left", () => {
  const first = written(places())
  const second = written(places())
  expect(second.token).not.toBe(first.token)
  expect(readToken(port, places())).toBe(second.token)
  removeToken(second)
  expect(existsSync(second.path)).toBe(false)
  removeToken(second)
})

test("the runtime folder is used where there is one", () => {
  const { path, token } = written(places({ runtime: root }))
  expect(path).toBe(join(root, "pillion", "admin-4100.token"))
  expect(readToken(port, places({ runtime: root }))).toBe(token)
})

test("a folder that others may change is not used", () => {
  mkdirSync(join(root, "pillion"))
  chmodSync(join(root, "pillion"), 0o777)
  expect(written(places({ runtime: root })).path).toBe(join(root, `pillion-${uid}`, "admin-4100.token"))
})

test("nor is one of another user, whose token is not read either", () => {
  written(places())
  const other = places({ uid: uid + 1 })
  renameSync(join(root, `pillion-${uid}`), join(root, `pillion-${uid + 1}`))
  expect(writeToken(port, other)).toBeUndefined()
  expect(readToken(port, other)).toBeUndefined()
})

test("nor is a link", () => {
  mkdirSync(join(root, "real"), { mode: 0o700 })
  symlinkSync(join(root, "real"), join(root, `pillion-${uid}`))
  expect(writeToken(port, places())).toBeUndefined()
})

test("a file that others may read, a link, and what is no token are not read", () => {
  const { path } = written(places())
  chmodSync(path, 0o644)
  expect(readToken(port, places())).toBeUndefined()
  rmSync(path)
  writeFileSync(join(root, "token"), "abc\n", { mode: 0o600 })
  symlinkSync(join(root, "token"), path)
  expect(readToken(port, places())).toBeUndefined()
  rmSync(path)
  writeFileSync(path, "two words\n", { mode: 0o600 })
  expect(readToken(port, places())).toBeUndefined()
  writeFileSync(path, "abc\n")
  expect(readToken(port, places())).toBe("abc")
})
