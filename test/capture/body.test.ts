import { expect, test } from "bun:test"

import {
  codingsOf,
  contentOf,
  makeBody,
  maxBulkyBody,
  omitBody,
  sealBody,
  type BodyRules,
  type Inflate,
  type PassedBody,
} from "../../src/capture/body.ts"
import { ascii, fromHex, join } from "../support/bytes.ts"
import { binaryBody, textBody } from "../support/capture-records.ts"

const rules: BodyRules = { maxBytes: 8, keepBulky: undefined }

const pass = (bytes: Uint8Array, parts: Partial<PassedBody> = {}): PassedBody => ({
  bytes,
  wire: bytes.length,
  complete: true,
  type: "text/plain",
  encoding: "",
  side: "response",
  ...parts,
})

/** A coding of the tests: what is inside follows the coding's first letter, and `!` is its end. */
const letters: Inflate = (coding, bytes, maxBytes) => {
  if (bytes[0] !== coding.charCodeAt(0)) return Promise.resolve(undefined)
  const ended = bytes.at(-1) === "!".charCodeAt(0)
  const content = bytes.subarray(1, ended ? -1 : undefined)
  return Promise.resolve({ bytes: content.subarray(0, maxBytes), ended: ended && content.length <= maxBytes })
}

const make = (passed: PassedBody, changed: Partial<BodyRules> = {}) =>
  makeBody(passed, { ...rules, ...changed }, letters)

test("text that is whole is kept as text", async () => {
  expect(await make(pass(ascii("hello")))).toEqual({ size: 5, wire: 5, type: "text/plain", text: "hello" })
  expect(await make(pass(ascii("12345678")))).toEqual({ size: 8, wire: 8, type: "text/plain", text: "12345678" })
  expect(await make(pass(ascii("")))).toEqual({ size: 0, wire: 0, type: "text/plain", text: "" })
})

test("what is longer than the limit, or was copied in part, or ended early, is cut and says so", async () => {
  const cut = { type: "text/plain", truncated: true }
  expect(await make(pass(ascii("123456789")))).toEqual({ ...cut, size: 9, wire: 9, text: "12345678" })
  expect(await make(pass(ascii("1234"), { wire: 5_000_000_000 }))).toEqual({
    ...cut,
    size: 5_000_000_000,
    wire: 5_000_000_000,
    text: "1234",
  })
  expect(await make(pass(ascii("123"), { complete: false }))).toEqual({ ...cut, size: 3, wire: 3, text: "123" })
})

test("a cut never goes through a character, wherever it falls", async () => {
  const bytes = new TextEncoder().encode("aé€😀")
  const kept = ["", "a", "a", "aé", "aé", "aé", "aé€", "aé€", "aé€", "aé€"]
  for (const [maxBytes, text] of kept.entries()) {
    if (maxBytes > 0) expect(await make(pass(bytes), { maxBytes })).toHaveProperty("text", text)
  }
  expect(await make(pass(bytes), { maxBytes: 10 })).toEqual({ size: 10, wire: 10, type: "text/plain", text: "aé€😀" })
})

test("bytes that are no text are base64, and cut anywhere", async () => {
  const bytes = fromHex("00 01 02 ff")
  expect(await make(pass(bytes, { type: "" }))).toEqual({ size: 4, wire: 4, type: "", base64: "AAEC/w==" })
  expect(await make(pass(bytes, { type: "" }), { maxBytes: 2 })).toEqual({
    size: 4,
    wire: 4,
    type: "",
    base64: "AAE=",
    truncated: true,
  })
})

test("without a type, UTF-8 without control characters is text; with a type of text, control characters are too", async () => {
  expect(await make(pass(ascii("a\tb\r\n"), { type: "" }))).toHaveProperty("text", "a\tb\r\n")
  expect(await make(pass(ascii("a\x00"), { type: "" }))).toHaveProperty("base64", "YQA=")
  expect(await make(pass(ascii("a\x00"), { type: "text/plain" }))).toHaveProperty("text", "a\x00")
})

test("a whole body that is no UTF-8 is base64 whatever its type says", async () => {
  expect(await make(pass(fromHex("61 e2 82"), { type: "text/plain" }))).toHaveProperty("base64", "YeKC")
  expect(await make(pass(fromHex("e9"), { type: "text/plain" }))).toHaveProperty("base64", "6Q==")
})

test("a charset that is named is read, also with a byte order mark; one that is unknown is tried as UTF-8", async () => {
  expect(await make(pass(fromHex("e9"), { type: "a/b; charset=iso-8859-1" }))).toHaveProperty("text", "é")
  expect(await make(pass(fromHex("61 00 e9 00"), { type: "text/a; charset=utf-16le" }))).toHaveProperty("text", "aé")
  expect(await make(pass(fromHex("61 00 e9"), { type: "a/b; charset=utf-16le" }))).toHaveProperty("base64", "YQDp")
  expect(await make(pass(ascii("a"), { type: "a/b; charset=none-such" }))).toHaveProperty("text", "a")
  expect(await make(pass(fromHex("ef bb bf 61"), { type: "text/plain" }))).toHaveProperty("text", "\ufeffa")
})

test("codings are taken away from the last to the first, and named in the order in which they were applied", async () => {
  expect(await make(pass(ascii("bghi!!"), { encoding: "gzip, br" }))).toEqual({
    size: 2,
    wire: 6,
    type: "text/plain",
    coding: ["gzip", "br"],
    text: "hi",
  })
})

test("the limit is one of content, and a coding that was cut gives what is there", async () => {
  expect(await make(pass(ascii("g123456789!"), { encoding: "gzip" }))).toEqual({
    size: 8,
    wire: 11,
    type: "text/plain",
    coding: ["gzip"],
    text: "12345678",
    truncated: true,
  })
  expect(await make(pass(ascii("g1234"), { encoding: "gzip", wire: 100 }))).toEqual({
    size: 4,
    wire: 100,
    type: "text/plain",
    coding: ["gzip"],
    text: "1234",
    truncated: true,
  })
})

test("a coding that is unknown, broken, or one too many leaves the body out", async () => {
  const omitted = { size: 3, wire: 3, type: "text/plain", omitted: "coding" } as const
  expect(await make(pass(ascii("abc"), { encoding: "compress" }))).toEqual(omitted)
  expect(await make(pass(ascii("abc"), { encoding: "gzip" }))).toEqual(omitted)
  expect(await make(pass(ascii("bbc"), { encoding: "gzip,br" }))).toEqual(omitted)
  expect(await make(pass(ascii("abc"), { encoding: "gzip,gzip,gzip,gzip,gzip" }))).toEqual(omitted)
})

test("without content there is no coding to remove", async () => {
  expect(await make(pass(ascii(""), { encoding: "gzip" }))).toEqual({ size: 0, wire: 0, type: "text/plain", text: "" })
})

test("a limit of 0 keeps no body, and says how much there was", async () => {
  const chunks = [[1.5, 3]] as const
  expect(await make(pass(ascii("abc"), { chunks }), { maxBytes: 0 })).toEqual({
    size: 3,
    wire: 3,
    type: "text/plain",
    omitted: "off",
    chunks,
  })
})

/** Why a body of so many zeros is left out. */
const omitted = async (length: number, parts: Partial<PassedBody>, keepBulky?: boolean) =>
  (await make(pass(new Uint8Array(length), { type: "image/png", ...parts }), { maxBytes: 1e6, keepBulky })).omitted

test("bulky types: those of answers up to 16 KiB and of requests are kept, unless asked otherwise", async () => {
  expect(await omitted(maxBulkyBody, {})).toBeUndefined()
  expect(await omitted(maxBulkyBody + 1, {})).toBe("binary")
  expect(await omitted(10, { wire: maxBulkyBody + 1 })).toBe("binary")
  expect(await omitted(maxBulkyBody + 1, { side: "request" })).toBeUndefined()
  expect(await omitted(maxBulkyBody + 1, { type: "application/pdf" })).toBeUndefined()
  expect(await omitted(maxBulkyBody + 1, {}, true)).toBeUndefined()
  expect(await omitted(1, { side: "request" }, false)).toBe("binary")
  expect(await omitted(0, {}, false)).toBeUndefined()
})

test("codings by name: any case, x-gzip and identity", () => {
  expect(codingsOf("")).toEqual([])
  expect(codingsOf("identity")).toEqual([])
  expect(codingsOf(" GZip ,, x-gzip, zstd,deflate")).toEqual(["gzip", "gzip", "zstd", "deflate"])
  expect(codingsOf("gzip, aes128gcm")).toBeUndefined()
})

const sha256 = (bytes: Uint8Array) => `hash of ${Buffer.from(bytes).toString("hex")}`

test("a hash is of what is stored, and only of what is whole", () => {
  expect(sealBody(textBody("é"), sha256).sha256).toBe("hash of c3a9")
  expect(sealBody(binaryBody(fromHex("00 ff")), sha256).sha256).toBe("hash of 00ff")
  expect(sealBody({ ...textBody("a"), truncated: true }, sha256).sha256).toBeUndefined()
  expect(sealBody(omitBody(textBody("a"), "budget"), sha256).sha256).toBeUndefined()
})

test("a body that is left out later keeps its sizes and nothing of its content", () => {
  const full = { ...textBody("secret"), sha256: "0".repeat(64), raw: "c2VjcmV0", coding: ["gzip"] as const }
  expect(omitBody(full, "redaction")).toEqual({
    size: 6,
    wire: 6,
    type: "text/plain",
    coding: ["gzip"],
    omitted: "redaction",
  })
})

test("the content of a body is its bytes", () => {
  expect(contentOf(textBody("é"))).toEqual(new TextEncoder().encode("é"))
  expect(contentOf(binaryBody(join(fromHex("00 ff"))))).toEqual(new Uint8Array([0, 255]))
  expect(contentOf(omitBody(textBody("a"), "off"))).toBeUndefined()
})
