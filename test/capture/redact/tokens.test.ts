import { expect, test } from "bun:test"

import { isCard } from "../../../src/capture/redact/shapes/digits.ts"
import { Tokens } from "../../../src/capture/redact/tokens.ts"
import { digest } from "../../support/redaction.ts"

const tokens = new Tokens(digest, new Set(["known"]))
const of = (value: string): string => tokens.of(value).token

const base64url = (value: unknown): string =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")

test("a token has the shape of what it replaces, and the same value has the same one", () => {
  expect(of("hunter2")).toBe(`tok_${digest("hunter2").slice(0, 12)}`)
  expect(of("hunter2")).toBe(new Tokens(digest, new Set()).of("hunter2").token)
  expect(of("alice@example.com")).toMatch(/^u[0-9a-f]{6}@redacted\.invalid$/)
  expect(of("1234")).toMatch(/^[1-9][0-9]{3}$/)
  expect(of("-12.50")).toMatch(/^-[1-9][0-9]\.[0-9]{2}$/)
  expect(of("1.5e10")).toMatch(/^[0-9]\.[0-9]e10$/)
  expect(of("+49 30 1234567")).toMatch(/^\+\d\d \d\d \d{7}$/)
  expect(of("9".repeat(60))).toMatch(/^[1-9][0-9]{59}$/)
  expect(of("9".repeat(100))).toMatch(/^tok_/)
})

test("another key makes other tokens", () => {
  const other = new Tokens((value) => digest(`other ${value}`), new Set())
  for (const value of ["hunter2", "1234567", "4111111111111111", "a@b.example"]) {
    expect([value, other.of(value).token === of(value)]).toEqual([value, false])
  }
})

test("no digit stands for itself alone, and each number is one that JSON allows", () => {
  for (let number = 0; number < 1_000; number++) {
    const token = of(String(number))
    expect([number, token === String(number), String(JSON.parse(token)) === token]).toEqual([number, false, true])
  }
})

test("a card is a card that nobody has, however its digits are divided", () => {
  const card = of("4111111111111111")
  expect(card).toMatch(/^400000[0-9]{10}$/)
  expect(isCard(card)).toBe(true)
  expect(of("4111 1111 1111 1111").replaceAll(" ", "")).toBe(card)
  expect(of("4111-1111-1111-1111")).toMatch(/^4000-00\d\d-\d{4}-\d{4}$/)
  expect(of("4222222222222")).toMatch(/^400000[0-9]{7}$/)
})

test("a JWT keeps its header and its times, and every other claim is a token; nobody has signed it", () => {
  const claims = {
    sub: "alice",
    n: 42,
    ok: true,
    none: null,
    iat: 1_700_000_000,
    exp: 1_800_000_000,
    nbf: 1,
    a: [{ exp: 7, "exp ": "x" }],
  }
  const jwt = `${base64url({ alg: "RS256", kid: "k1", typ: "JWT" })}.${base64url(claims)}.c2lnbmF0dXJl`
  const { token, hint } = tokens.of(jwt)
  const [header, payload = "", signature] = token.split(".")
  expect(header).toBe(base64url({ alg: "RS256", kid: "k1", typ: "JWT" }))
  expect(signature).toBe("")
  expect(JSON.parse(atob(payload))).toEqual({
    ...claims,
    sub: of("alice"),
    n: Number(of("42")),
    a: [{ exp: Number(of("7")), "exp ": of("x") }],
  })
  expect(hint).toEqual({ alg: "RS256", kid: "k1", iat: 1_700_000_000, exp: 1_800_000_000 })
})

test("a time that is a text is no time, and what is no JWT is one token", () => {
  const jwt = `${base64url({ alg: "none" })}.${base64url({ exp: "secret" })}.`
  expect(JSON.parse(atob(of(jwt).split(".")[1] ?? ""))).toEqual({ exp: of("secret") })
  for (const value of ["eyJhbGci.eyJzdWIi.x", "eyJhbGciOiJIUzI1NiJ9.a.b", `${base64url({})}.${base64url([1])}.x`]) {
    expect(of(value)).toMatch(/^tok_[0-9a-f]{12}$/)
  }
})

test("a token is known by its look, or because the record says so", () => {
  expect(tokens.isToken(of("hunter2"))).toBe(true)
  expect(tokens.isToken(of("alice@example.com"))).toBe(true)
  expect(tokens.isToken("known")).toBe(true)
  expect(tokens.isToken("1234")).toBe(false)
  expect(tokens.isToken(`${of("hunter2")}0`)).toBe(false)
})
