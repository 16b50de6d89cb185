import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import type { Kind } from "../../src/config/kind.ts"
import { environmentNames, pillionName } from "../../src/config/option.ts"
import { allOptions, defaultText, maxConnections, optionKeys, options } from "../../src/config/options.ts"
import type { Settings } from "../../src/config/settings.ts"
import { fuzz } from "../support/random.ts"

const limits = { openFiles: 20_000, ownAddresses: [] }
const byName = new Map(allOptions.map((option) => [option.name, option]))

/** Section 2 of the contract: option, default, documented environment name, annotation. */
test.each([
  ["proxy-type", "dual", "PROXY_TYPE", "proxy-type"],
  ["proxy-protocol", "http", "PROXY_PROTOCOL", "proxy-protocol"],
  ["proxy-host", "localhost", "REVERSE_PROXY_HOST", "proxy-host"],
  ["proxy-port", 80, "REVERSE_PROXY_PORT", "proxy-port"],
  ["proxy-in-port", 4143, "PROXY_IN_PORT", "proxy-in-port"],
  ["proxy-out-port", 4140, "PROXY_OUT_PORT", "proxy-out-port"],
  ["proxy-strict", false, undefined, "proxy-strict"],
  ["proxy-in-bind", [], undefined, undefined],
  ["proxy-out-bind", [], undefined, undefined],
  ["health-port", 4145, "METRICS_HTTP_PORT", "prometheus-port"],
  ["admin-port", 4100, undefined, undefined],
  ["resolve", [], undefined, undefined],
  ["annotations-file", null, undefined, undefined],
  ["config", null, undefined, undefined],
  ["ports-file", null, undefined, undefined],
  ["log-level", "info", "LOG_LEVEL", undefined],
  ["log-format", "auto", undefined, undefined],
  ["access-log", true, undefined, undefined],
  ["handshake-timeout", "10s", undefined, "handshake-timeout"],
  ["dial-timeout", "10s", undefined, "dial-timeout"],
  ["half-close-timeout", "60s", undefined, "half-close-timeout"],
  ["keep-alive-timeout", "60s", undefined, "keep-alive-timeout"],
  ["origin-reuse", "10s", undefined, "origin-reuse"],
  ["follow-http", true, undefined, "follow-http"],
  ["drain-delay", "0s", undefined, "drain-delay"],
  ["drain-timeout", "25s", undefined, "drain-timeout"],
  ["max-connections", 9968, undefined, "max-connections"],
  ["max-idle-origins", 128, undefined, undefined],
  ["max-head-bytes", "64KiB", undefined, undefined],
  ["max-head-fields", 128, undefined, undefined],
  ["metrics-destinations", 50, undefined, undefined],
  ["capture", "off", undefined, "capture"],
  ["capture-filter", "not probe", undefined, "capture-filter"],
  ["capture-sample", "100%", undefined, "capture-sample"],
  ["capture-keep", "", undefined, "capture-keep"],
  ["capture-body", "256KiB", undefined, "capture-body"],
  ["capture-memory", "32MiB", undefined, "capture-memory"],
  ["capture-disk", "512MiB", undefined, "capture-disk"],
  ["capture-opaque", false, undefined, "capture-opaque"],
  ["capture-redact", null, undefined, "capture-redact"],
  ["capture-key", null, undefined, "capture-key"],
  ["splice", true, undefined, undefined],
  ["poll", true, undefined, undefined],
  ["allow-destinations", [], undefined, "allow-destinations"],
  ["deny-destinations", [], undefined, "deny-destinations"],
])("%s is %p by default, in the environment %p, as an annotation %p", (name, value, environment, annotation) => {
  const option = byName.get(name)
  if (option === undefined) throw new Error(`${name} is missing`)
  const key = optionKeys.find((candidate) => options[candidate] === option)
  expect(key === undefined ? undefined : shownDefault(key)).toEqual(value)
  expect(option.environment).toBe(environment)
  expect(option.annotation).toBe(annotation)
})

const shownDefault = <K extends keyof Settings>(key: K) => options[key].kind.show(options[key].initial(limits))

const checkDefault = <K extends keyof Settings>(key: K): void => {
  const { kind, initial } = options[key]
  const value = initial(limits)
  const shown = kind.show(value)
  if (shown !== null) expect(Result.getOrThrow((kind as Kind<unknown>).decode(String(shown)))).toEqual(value)
}

describe("the option table", () => {
  test("has the 29 options of the contract, the format and filter of the access log, two for shared origins, one for metrics, ten for captures, reading HTTP, splice and poll, each name once", () => {
    expect(byName.size).toBe(47)
    expect(allOptions.length).toBe(47)
  })

  test("names each option as its key in settings", () => {
    for (const key of optionKeys) {
      expect(options[key].name).toBe(key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
    }
  })

  test("has no environment name and no annotation twice", () => {
    const names = allOptions.flatMap(environmentNames)
    const annotations = allOptions.flatMap(({ annotation }) => annotation ?? [])
    expect(new Set(names).size).toBe(names.length)
    expect(new Set(annotations).size).toBe(annotations.length)
  })

  test("gives every option a PILLION_ name, which comes first", () => {
    expect(pillionName("proxy-in-port")).toBe("PILLION_PROXY_IN_PORT")
    expect(environmentNames(options.healthPort)).toEqual(["PILLION_HEALTH_PORT", "METRICS_HTTP_PORT"])
    expect(environmentNames(options.adminPort)).toEqual(["PILLION_ADMIN_PORT"])
  })

  test("lets SIGHUP change levels, deadlines, limits, resolve, strictness, destinations, the filter of the access log, what is read and recorded, and where the annotations are", () => {
    const reloadable = allOptions.filter((option) => option.reloadable).map(({ name }) => name)
    expect(reloadable.toSorted()).toEqual([
      "access-log-filter",
      "allow-destinations",
      "annotations-file",
      "capture-body",
      "capture-disk",
      "capture-filter",
      "capture-keep",
      "capture-key",
      "capture-memory",
      "capture-opaque",
      "capture-redact",
      "capture-sample",
      "deny-destinations",
      "dial-timeout",
      "drain-delay",
      "drain-timeout",
      "follow-http",
      "half-close-timeout",
      "handshake-timeout",
      "keep-alive-timeout",
      "log-level",
      "max-connections",
      "max-head-bytes",
      "max-head-fields",
      "max-idle-origins",
      "metrics-destinations",
      "origin-reuse",
      "proxy-strict",
      "resolve",
    ])
  })

  test("has sentences without a full stop and groups that stand together", () => {
    for (const { summary } of allOptions) expect(summary).toMatch(/^[a-z].*[^.]$/)
    const groups = allOptions.map(({ group }) => group)
    const runs = groups.filter((group, i) => group !== groups[i - 1])
    expect(runs.length).toBe(new Set(groups).size)
  })

  test("can say every default", () => {
    expect(defaultText("proxyPort")).toBe("80")
    expect(defaultText("proxyOutBind")).toBe("127.0.0.1,::1")
    expect(defaultText("resolve")).toBeUndefined()
    expect(defaultText("config")).toBeUndefined()
  })

  test("has defaults that decode to themselves", () => {
    optionKeys.forEach(checkDefault)
  })
})

test("max-connections is half of the open files that 64 leave, and never none", () => {
  expect([20_000, 1024, 66, 64, 0].map((openFiles) => maxConnections({ openFiles, ownAddresses: [] }))).toEqual([
    9968, 480, 1, 1, 1,
  ])
})

test("no text makes a decoder throw, and what is taken shows as something that decodes to the same", () => {
  const characters = [..."0123456789abcdhkmstz.:/=,[]-* KMi\u00e4\n"]
  fuzz(200, (random) => {
    const text = Array.from({ length: random.below(14) }, () => random.pick(characters))
      .join("")
      .trim()
    const check = <K extends keyof Settings>(key: K): void => {
      const { kind } = options[key]
      const decoded = kind.decode(text)
      if (Result.isFailure(decoded)) return
      const shown = String(kind.show(decoded.success))
      expect(Result.getOrThrow(kind.decode(shown))).toEqual(decoded.success)
    }
    optionKeys.forEach(check)
  })
})
