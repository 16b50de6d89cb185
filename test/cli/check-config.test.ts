import { expect, test } from "bun:test"
import { checkConfigJson, checkConfigText } from "../../src/cli/check-config.ts"
import { allOptions } from "../../src/config/options.ts"
import { loaded } from "../support/settings.ts"

const given = loaded({
  flags: { "proxy-port": "8080" },
  env: { PROXY_TYPE: "reverse" },
  annotations: { "proxy-strict": "true" },
  file: { "deny-destinations": ["10.0.0.0/8", "example.com"], "dial-timeout": 3 },
})

test("every option stands in the table with its value and origin", () => {
  const lines = checkConfigText(given).trimEnd().split("\n")
  expect(lines.length).toBe(allOptions.length + 1)
  const rows = Object.fromEntries(lines.map((line) => line.split(/ {2,}/)).map(([option, ...rest]) => [option, rest]))
  expect(rows).toMatchObject({
    option: ["value", "origin"],
    "proxy-port": ["8080", "flag --proxy-port"],
    "proxy-type": ["reverse", "environment PROXY_TYPE"],
    "proxy-strict": ["true", "annotation sidecar.speedscale.com/proxy-strict in /etc/podinfo/annotations"],
    "deny-destinations": ["10.0.0.0/8,example.com", "file x.yaml"],
    "dial-timeout": ["3s", "file x.yaml"],
    "proxy-in-port": ["4143", "default"],
    "proxy-out-bind": ["127.0.0.1,::1", "default"],
    resolve: ["-", "default"],
    config: ["-", "default"],
  })
})

test("the origins stand below each other, whatever the values", () => {
  const lines = checkConfigText(given).trimEnd().split("\n")
  const column = lines[0]?.indexOf("origin") ?? -1
  expect(column).toBeGreaterThan(0)
  for (const line of lines.slice(1)) expect(line.slice(column)).toMatch(/^(flag|environment|annotation|file|default)/)
})

test("a list too long for its column is not cut off, and its origin follows", () => {
  const names = Array.from({ length: 30 }, (_, i) => `host-${i}.example.com`)
  const text = checkConfigText(loaded({ file: { "deny-destinations": names } }))
  expect(text).toContain(`${names.join(",")} file x.yaml\n`)
  expect(text.split("\n").find((line) => line.startsWith("proxy-type"))?.length).toBeLessThan(100)
})

test("as JSON it is an array of option, value and origin, with values of their own type", () => {
  const rows: unknown = JSON.parse(checkConfigJson(given))
  expect(rows).toEqual(JSON.parse(JSON.stringify(given.origins)))
  expect(rows).toContainEqual({ option: "proxy-port", value: 8080, origin: "flag --proxy-port" })
  expect(rows).toContainEqual({
    option: "deny-destinations",
    value: ["10.0.0.0/8", "example.com"],
    origin: "file x.yaml",
  })
  expect(rows).toContainEqual({ option: "dial-timeout", value: "3s", origin: "file x.yaml" })
  expect(rows).toContainEqual({ option: "access-log", value: true, origin: "default" })
  expect(rows).toContainEqual({ option: "ports-file", value: null, origin: "default" })
})
