/** The samplers that OTEL_TRACES_SAMPLER can name. */
import { describe, expect, test } from "bun:test"
import { randomBytes } from "node:crypto"
import { makeSampler, type Sampler } from "../../../src/observe/telemetry/sampler.ts"

const samplerOf = (name?: string, argument?: string): Sampler => {
  const warned: Array<string> = []
  const sampler = makeSampler({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument }, (message) =>
    warned.push(message),
  )
  expect(warned).toEqual([])
  return sampler
}

/** Of these 56 random bits, in 14 digits. */
const traceOf = (random: string): string => `4bf92f3577b34da6a3${random}`

const lowest = traceOf("00000000000000")
const highest = traceOf("ffffffffffffff")

describe("without a parent, with one that is not sampled, and with one that is", () => {
  test.each([
    [undefined, [true, false, true]],
    ["parentbased_always_on", [true, false, true]],
    ["parentbased_always_off", [false, false, true]],
    ["always_on", [true, true, true]],
    ["always_off", [false, false, false]],
    ["ALWAYS_ON", [true, true, true]],
  ])("%s", (name, wanted) => {
    const sampler = samplerOf(name)
    for (const trace of [lowest, highest]) {
      expect([undefined, false, true].map((parent) => sampler(trace, parent))).toEqual(wanted)
    }
  })
})

describe("a ratio", () => {
  test.each([
    ["0", []],
    ["0.25", ["c0000000000000", "ffffffffffffff"]],
    ["0.5", ["80000000000000", "bfffffffffffff", "c0000000000000", "ffffffffffffff"]],
    ["1", ["00000000000000", "7fffffffffffff", "80000000000000", "bfffffffffffff", "c0000000000000", "ffffffffffffff"]],
    [
      undefined,
      ["00000000000000", "7fffffffffffff", "80000000000000", "bfffffffffffff", "c0000000000000", "ffffffffffffff"],
    ],
  ])("of %s is of the traces with the highest random part", (argument, wanted) => {
    const all = ["00000000000000", "7fffffffffffff", "80000000000000", "bfffffffffffff", "c0000000000000"]
    const sampler = samplerOf("traceidratio", argument)
    expect([...all, "ffffffffffffff"].filter((random) => sampler(traceOf(random), undefined))).toEqual(wanted)
  })

  test("is that of random traces, and asks no parent", () => {
    const sampler = samplerOf("traceidratio", "0.1")
    let sampled = 0
    for (let i = 0; i < 20_000; i++) if (sampler(randomBytes(16).toString("hex"), i % 2 === 0)) sampled++
    // Six standard deviations.
    expect(sampled).toBeWithin(1745, 2255)
  })

  test("is asked of a request without a parent, where parents are", () => {
    const sampler = samplerOf("parentbased_traceidratio", "0.5")
    expect([lowest, highest].map((trace) => sampler(trace, undefined))).toEqual([false, true])
    expect([sampler(lowest, true), sampler(highest, false)]).toEqual([true, false])
  })
})

test("what makes no sense is warned of, and is as if nothing were said", () => {
  for (const [variables, about] of [
    [{ OTEL_TRACES_SAMPLER: "jaeger_remote" }, "parentbased_always_on"],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "half" }, '"half" is taken as 1'],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "1.5" }, '"1.5" is taken as 1'],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "-1" }, '"-1" is taken as 1'],
  ] as const) {
    const warned: Array<string> = []
    const sampler = makeSampler(variables, (message) => warned.push(message))
    expect(sampler(lowest, undefined)).toBe(true)
    expect(warned).toEqual([expect.stringContaining(about)])
  }
})
