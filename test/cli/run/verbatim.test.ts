import { expect, test } from "bun:test"
import { isText, splitZeros, verbatimArguments, verbatimEnvironment } from "../../../src/cli/run/verbatim.ts"

/** Bytes by their Latin-1 characters. */
const raw = (text: string): Uint8Array => Buffer.from(text, "latin1")
const shown = (bytes: ReadonlyArray<Uint8Array>): ReadonlyArray<string> =>
  bytes.map((each) => Buffer.from(each).toString("latin1"))

const started = {
  arguments: ["pillion", "run", "--", "cat", "caf\xe9", ""].map(raw),
  environment: ["A=1", "B=caf\xe9", "\xff=name", "A=2", "nameless", "C=\xc3\xa9"].map(raw),
}

test("a text of /proc is split at its zero bytes, and empty parts count", () => {
  expect(shown(splitZeros(raw("a\0\0b\xff\0")))).toEqual(["a", "", "b\xff"])
  expect(splitZeros(raw(""))).toEqual([])
  expect(shown(splitZeros(raw("cut")))).toEqual(["cut"])
})

test("arguments are the bytes of the command line", () => {
  const { bytes, lost } = verbatimArguments(["cat", "caf\uFFFD", ""], started)
  expect([shown(bytes), lost]).toEqual([["cat", "caf\xe9", ""], undefined])
})

test("an argument that the command line does not have is its string, and what is not UTF-8 is named", () => {
  expect(shown(verbatimArguments(["é"], started).bytes)).toEqual(["\xc3\xa9"])
  expect(verbatimArguments(["a", "b\uFFFD"], started).lost).toBe("argument 1")
  expect(verbatimArguments(["\uFFFD"], { arguments: [], environment: [] }).lost).toBe("its name")
})

test("variables keep their bytes, new and changed ones are added, and removed ones are gone", () => {
  const { bytes, lost } = verbatimEnvironment({ A: "1", B: "caf\uFFFD", HTTP_PROXY: "http://é" }, started)
  expect(shown(bytes)).toEqual(["A=1", "B=caf\xe9", "\xff=name", "A=2", "nameless", "HTTP_PROXY=http://\xc3\xa9"])
  expect(lost).toBeUndefined()
})

test("a variable that was changed and holds bytes that are not UTF-8 is named", () => {
  expect(verbatimEnvironment({ B: "caf\uFFFD and more" }, started).lost).toBe('the environment variable "B"')
})

test("text is what its string says", () => {
  expect([isText(raw("\xc3\xa9")), isText(raw("\xe9")), isText(raw(""))]).toEqual([true, false, true])
})
