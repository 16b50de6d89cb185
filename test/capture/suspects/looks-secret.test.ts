import { expect, test } from "bun:test"

import { looksSecret, maxSecret, minSecret } from "../../../src/capture/suspects/looks-secret.ts"
import { makeRandom } from "../../support/random.ts"

test.each([
  "Zk3qP9xW2mT7vB4nR8cL",
  "9f2c61d3b8aa4e17c05d2a77b0aa1c30",
  "AbC123-dEf456_GhI789",
  "c2VjcmV0IHZhbHVlIDEyMzQ1Njc4OTA=",
  "0a1B2c3D4e5F6g7H8i9J",
])("%s looks like a secret", (value) => {
  expect(looksSecret(value)).toBe(true)
})

test.each([
  "",
  "short1A2b3C",
  "application/json",
  "keep-alive-timeout-of-sixty",
  "internationalization",
  "tok_9f2c61d3b8aa",
  "019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4",
  "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  "2026-11-28T09:30:00.123456Z",
  "1234567890123456789",
  "4000-0088-1234-5671",
  "api.internal.example.com",
  "/v1/customers/2026/orders",
  "aaaaaaaaaaaaaaaaaaaaaaaa",
  "00000000000000000000000a",
  "sha256-47DEQpj8HBSa1c2d3e4f5a6b7c8d9e0f",
  "some words with spaces 1A2b3C",
])("%s does not", (value) => {
  expect(looksSecret(value)).toBe(false)
})

test("nearly every random key of 24 characters and more does, in hexadecimal too", () => {
  const random = makeRandom(7)
  const key = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[random.below(alphabet.length)]).join("")
  const alphabets = ["0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"]
  for (const alphabet of alphabets) {
    const found = Array.from({ length: 500 }, () => looksSecret(key(alphabet, 32))).filter(Boolean).length
    expect(found).toBeGreaterThan(490)
  }
})

test("what is shorter or longer than a key is none", () => {
  const value = "aB1".repeat(1000)
  expect(looksSecret("Zk3qP9xW2mT7vB4n".slice(0, minSecret - 1))).toBe(false)
  expect(looksSecret("Zk3qP9xW2mT7vB4n".slice(0, minSecret))).toBe(true)
  expect(looksSecret(value.slice(0, maxSecret + 1))).toBe(false)
})
