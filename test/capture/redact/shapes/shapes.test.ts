import { expect, test } from "bun:test"

import { shapeNames, shapes, type ShapeName } from "../../../../src/capture/redact/shapes/shape-table.ts"
import { findShapes, prefixes } from "../../../../src/capture/redact/shapes/shapes.ts"

const all: ReadonlySet<ShapeName> = new Set(shapeNames)

const found = (text: string, cut = false, enabled = all): ReadonlyArray<string> => {
  const list: Array<string> = []
  findShapes(text, cut, enabled, (start, end, name) => list.push(`${name}:${text.slice(start, end)}`))
  return list
}

const header = "eyJhbGciOiJIUzI1NiJ9"
const claims = "eyJzdWIiOiJhbGljZSJ9"
const body = "0123456789abcdefghijABCDEFGHIJ-_klmnop"

const examples: { readonly [name in ShapeName]: ReadonlyArray<string> } = {
  jwt: [`${header}.${claims}.c2ln`, `${header}.${claims}.`, `${header}..aXY.Y3Q.dGFn`, `${header}.a2V5.aXY.Y3Q.dGFn`],
  "private-key": [
    "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n and no end",
  ],
  aws: ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"],
  github: ["ghp_16C7e42F292c6912E7710c838347Ae178B4a", "github_pat_11ABCDEFG0123456789_abcdefghij"],
  gitlab: ["glpat-0123456789abcdefghij", "glpat-0123456789abcdefghij.01.0a1b2c"],
  slack: ["xoxb-1234567890-abcdef", "xoxe.xoxp-1-Mi0yLT", "xapp-1-A1B2C3-4567"],
  stripe: ["sk_live_0123456789", "rk_test_0123456789abc", "whsec_0123456789"],
  google: ["AIzaSyA0123456789abcdefghijklmnopqrstuvw", "ya29.a0Abcdefghijklmnopqrs", "GOCSPX-0123456789abcdefghij"],
  card: ["4111111111111111", "5500 0000 0000 0004", "3782-822463-10005", "4222222222222", "6304000000000000000"],
  url: ["alice", "s3cr3t"],
  email: ["alice.b+c@example.co.uk"],
  telephone: ["+49 30 1234567", "+14155550123", "415-555-0123"],
  iban: ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32"],
  ip: ["192.0.2.7", "2001:db8::1", "fe80::1", "fe80:0:0:0:0:0:0:1", "::ffff:192.0.2.7"],
}

test("every shape is found within other text, whole and alone", () => {
  for (const name of shapeNames) {
    if (name === "url") continue
    for (const each of examples[name]) {
      if (!each.endsWith("no end")) expect([each, found(`a "${each}", b`)]).toEqual([each, [`${name}:${each}`]])
      expect([each, found(each)]).toEqual([each, [`${name}:${each}`]])
    }
  }
  expect(found("see https://alice:s3cr3t@host:8080/a?b and postgres://:p@w@db/x")).toEqual([
    "url:alice",
    "url:s3cr3t",
    "url:p@w",
  ])
})

test("nothing is found that is not looked for, and by default no person", () => {
  const text = Object.values(examples).flat().join(" , ")
  expect(found(text, true, new Set())).toEqual([])
  const isOn = new Set(shapeNames.filter((name) => shapes[name].on))
  for (const name of ["email", "telephone", "iban", "ip"] as const) {
    expect(isOn.has(name)).toBe(false)
    for (const each of examples[name]) expect([each, found(each, false, isOn)]).toEqual([each, []])
  }
})

test("every prefix is a key with enough behind it, at the beginning of a word only", () => {
  for (const { text, name, min } of prefixes) {
    const key = text + body.slice(0, min)
    expect([key, found(`=${key} `)]).toEqual([key, [`${name}:${key}`]])
    expect([key, found(`x${key} `)]).toEqual([key, []])
    expect([key, found(`${text}${body.slice(0, min - 1)} `)]).toEqual([key, []])
    // Where the text is cut nobody knows what would follow.
    expect([key, found(`${text}0`, true)]).toEqual([key, [`${name}:${text}0`]])
  }
})

test("what only looks alike stays", () => {
  for (const text of [
    "4111111111111112",
    "1764322200123456",
    "0000000000000000",
    "411111111111",
    "41111111111111111111",
    "x4111111111111111",
    "4111111111111111x",
    "4111111111111111.5",
    "0.4111111111111111",
    "eyJhbGciOiJIUzI1NiJ9",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9",
    "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
    "https://host:8080/a@b:c",
    "ssh://git@host/x",
    "12:30:00",
    "300.1.2.3",
    "1.2.3",
    "a@b",
    "@b.c",
    "DE89370400440532013001",
    "550e8400-e29b-41d4-a716-446655440000",
    "2026-11-28T09:30:00.123456Z",
  ]) {
    expect([text, found(text)]).toEqual([text, []])
  }
})

test("a card in groups is found whatever numbers follow it", () => {
  expect(found("4111 1111 1111 1111 200 300")).toEqual(["card:4111 1111 1111 1111"])
  expect(found("10 4111 1111 1111 1111")).toEqual(["card:4111 1111 1111 1111"])
})

test("where a text is cut, the beginning of a secret is one", () => {
  const cuts: ReadonlyArray<readonly [text: string, found: string]> = [
    [`x ${header}`, `jwt:${header}`],
    [`x ${header}.`, `jwt:${header}.`],
    [`x ${header}.${claims}`, `jwt:${header}.${claims}`],
    ["x 4111111", "card:4111111"],
    ["x 4111 1111 11", "card:4111 1111 11"],
    ["x 4111 1111 ", "card:4111 1111"],
    ["-----BEGIN PRIVATE KEY", "private-key:-----BEGIN PRIVATE KEY"],
  ]
  for (const [text, expected] of cuts) {
    expect([text, found(text, true)]).toEqual([text, [expected]])
    if (!text.startsWith("-")) expect([text, found(text)]).toEqual([text, []])
  }
  expect(found("https://alice:s3c", true)).toEqual(["url:alice", "url:s3c"])
  expect(found("https://alice:s3c")).toEqual([])
})

/** Texts that make a pattern that is not linear go on for minutes. */
const hostile: ReadonlyArray<string> = [
  "eyJ-",
  "eyJ.",
  "eyJa.b ",
  "a",
  "a@",
  "a.",
  "@",
  "://",
  "://u:p",
  "u:p@",
  "://a?b=c&",
  "1",
  "4111 ",
  "4111-1111-",
  "1 2 ",
  "+1",
  "+1 (",
  "AKIA-",
  "AKIA_ghp_",
  "-----BEGIN ",
  "-----BEGIN PRIVATE KEY-----",
  "-----END ",
  "1:1.",
  "::",
  "DE12ABCD ",
  "DE12",
  "glpat-a.",
]

const within = (text: string, enabled: ReadonlySet<ShapeName>): number => {
  const started = performance.now()
  findShapes(text, true, enabled, () => {})
  return performance.now() - started
}

test("1 MB of anything takes time in proportion to its length, whatever is looked for", () => {
  for (const unit of hostile) {
    for (const enabled of [all, new Set<ShapeName>()]) {
      const text = unit.repeat(Math.ceil(2 ** 20 / unit.length))
      // A quadratic one would take minutes; a shared machine takes a second now and then.
      expect([unit, within(text, enabled) < 5_000]).toEqual([unit, true])
    }
  }
}, 120_000)
