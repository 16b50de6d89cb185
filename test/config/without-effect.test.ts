import { describe, expect, test } from "bun:test"

import { annotationDomain } from "../../src/config/option.ts"
import { allOptions } from "../../src/config/options.ts"
import {
  annotationsWithoutEffect,
  environmentWithoutEffect,
  isDocumented,
  withoutEffect,
} from "../../src/config/without-effect.ts"

const annotated = (given: Readonly<Record<string, string>>): string | undefined =>
  withoutEffect(new Map(Object.entries(given).map(([name, value]) => [annotationDomain + name, value])), {})

describe("what is set without effect", () => {
  test("is named in one line, by reason, without its value", () => {
    expect(annotated({ diagnostics: "true", "cpu-limit": "2", "memory-limit": "1Gi", "proxy-port": "80" })).toBe(
      "set without effect: cpu-limit, memory-limit (for an injector, which this version does not have: write it in the " +
        "pod's own manifest); diagnostics (this version writes no packet captures and no TLS keys: set log-level to " +
        "debug, or see pillion tap)",
    )
    expect(withoutEffect(undefined, { FORWARDER_ADDR: "user:secret@host:80" })).toBe(
      "set without effect: FORWARDER_ADDR (this version sends no records away: capture keeps them here)",
    )
  })

  test.each(annotationsWithoutEffect.map(({ name }) => name))("%s is documented, and named when it asks", (name) => {
    expect(isDocumented(name)).toBe(true)
    expect(annotated({ [name]: "something" })).toContain(`: ${name} (`)
  })

  test.each(environmentWithoutEffect.map(({ name }) => name))("%s is named when it asks", (name) => {
    expect(withoutEffect(undefined, { [name]: "something" })).toContain(`: ${name} (`)
  })

  test("a value that says what holds anyway asks for nothing, and so does none", () => {
    const quiet = { "tls-out": "False", diagnostics: "false", "ignore-src-ips": "", "capture-mode": " proxy " }
    expect(annotated({ ...quiet, inject: "true", status: "injected" })).toBeUndefined()
    const env = { METRICS_HTTP_ENABLE: "true", CAPTURE_MODE: "proxy", TLS_OUT_UNWRAP: "false", APP_LABEL: "" }
    expect(withoutEffect(undefined, env)).toBeUndefined()
    expect(withoutEffect(undefined, { METRICS_HTTP_ENABLE: "false" })).toContain("METRICS_HTTP_ENABLE")
  })

  test("no option is among it, and what is no documented name is not known", () => {
    const names = [...annotationsWithoutEffect, ...environmentWithoutEffect].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { annotation, environment } of allOptions) {
      expect(names).not.toContain(annotation ?? "")
      expect(names).not.toContain(environment ?? "")
    }
    for (const name of ["injekt", "proxy-tpye", "constructor", "tls-", "ignore-x"])
      expect(isDocumented(name)).toBe(false)
  })
})
