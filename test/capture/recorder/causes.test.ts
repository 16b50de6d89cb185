/** Causes: which inbound exchange made an outbound one, and that nobody guesses. */
import { describe, expect, test } from "bun:test"

import { Causes, maxRememberedCauses, type Opened } from "../../../src/capture/recorder/causes.ts"
import { ascii } from "../../support/bytes.ts"
import { lines } from "../../support/heard.ts"

const traceA = `traceparent: 00-${"a".repeat(32)}-b7ad6b7169203331-01`
const traceB = `traceparent: 00-${"b".repeat(32)}-b7ad6b7169203331-01`

/** Exchanges by name, which are their ids as well; a moment passes with each step. */
class World {
  readonly causes = new Causes()
  private readonly opened = new Map<string, Opened>()
  private now = 0

  begins(name: string, ...fields: ReadonlyArray<string>): void {
    const direction = name.startsWith("in") ? "inbound" : "outbound"
    const head = ascii(lines("GET / HTTP/1.1", "Host: a", ...fields))
    this.opened.set(
      name,
      this.causes.begin(
        direction,
        ++this.now,
        () => head,
        () => name,
      ),
    )
  }

  ends(name: string): { readonly id: string; readonly cause: unknown } {
    return this.causes.ended(this.opened.get(name)!, ++this.now)
  }

  goes(name: string): void {
    this.causes.abandoned(this.opened.get(name)!)
  }
}

describe("the only one that was open", () => {
  test("is the cause, and has the id that its record gets later", () => {
    const world = new World()
    world.begins("in1")
    world.begins("out1")
    expect(world.ends("out1")).toEqual({ id: "out1", cause: { id: "in1", by: "alone" } })
    expect(world.ends("in1")).toEqual({ id: "in1", cause: undefined })
  })

  test("is the cause also where it is over first, or others begin later", () => {
    const world = new World()
    world.begins("in1")
    world.begins("out1")
    world.ends("in1")
    world.begins("in2")
    expect(world.ends("out1").cause).toEqual({ id: "in1", by: "alone" })
  })

  test("is none where two were open, or nobody", () => {
    const world = new World()
    world.begins("out0")
    expect(world.ends("out0").cause).toBeUndefined()
    world.begins("in1")
    world.begins("in2")
    world.begins("out1")
    world.ends("in2")
    expect(world.ends("out1").cause).toBeUndefined()
  })

  test("is none where it was over before, or began after", () => {
    const world = new World()
    world.begins("in1")
    world.ends("in1")
    world.begins("out1")
    world.begins("in2")
    expect(world.ends("out1").cause).toBeUndefined()
  })

  test("is none where there will be no record of it", () => {
    const world = new World()
    world.begins("in1")
    world.begins("out1")
    world.goes("in1")
    expect(world.ends("out1").cause).toBeUndefined()
  })

  test("is none where both belong to traces, and these are others", () => {
    const world = new World()
    world.begins("in1", traceA)
    world.begins("out1", traceB)
    world.begins("out2")
    expect(world.ends("out1").cause).toBeUndefined()
    expect(world.ends("out2").cause).toEqual({ id: "in1", by: "alone" })
  })
})

describe("the trace", () => {
  test("names the cause among many, in any case of its field", () => {
    const world = new World()
    world.begins("in1", traceA)
    world.begins("in2", traceB)
    world.begins("in3")
    world.begins("out1", traceA.replace("traceparent", "TraceParent"))
    world.begins("out2", traceB)
    expect(world.ends("out1").cause).toEqual({ id: "in1", by: "traceparent" })
    world.ends("in2")
    expect(world.ends("out2").cause).toEqual({ id: "in2", by: "traceparent" })
  })

  test("names nobody where two of it were open: a retry of the client looks so", () => {
    const world = new World()
    world.begins("in1", traceA)
    world.begins("in2", traceA)
    world.begins("out1", traceA)
    expect(world.ends("out1").cause).toBeUndefined()
  })

  test("names the one of two that was open when it began", () => {
    const world = new World()
    world.begins("out0")
    world.begins("in1", traceA)
    world.ends("in1")
    world.begins("in2", traceA)
    world.begins("out1", traceA)
    world.begins("in3", traceA)
    expect(world.ends("out1").cause).toEqual({ id: "in2", by: "traceparent" })
  })

  test("of zeros, or that stands twice, is none", () => {
    const world = new World()
    const zeros = `traceparent: 00-${"0".repeat(32)}-b7ad6b7169203331-01`
    world.begins("in1", zeros)
    world.begins("in2", traceA, traceB)
    world.begins("out1", zeros)
    world.begins("out2", traceA)
    expect(world.ends("out1").cause).toBeUndefined()
    expect(world.ends("out2").cause).toBeUndefined()
  })
})

describe("an x-request-id", () => {
  test("that both carry names the cause", () => {
    const world = new World()
    world.begins("in1", "X-Request-Id: one")
    world.begins("in2", "X-Request-Id: two")
    world.begins("out1", "x-request-id:two ")
    expect(world.ends("out1").cause).toEqual({ id: "in2", by: "header" })
  })

  test("that is empty, too long, in a line's middle or another's is none", () => {
    const world = new World()
    const long = "x".repeat(1000)
    world.begins("in1", "X-Request-Id:", "Via: x-request-id: one")
    world.begins("in2", `X-Request-Id: ${long}`)
    for (const field of ["X-Request-Id:", `X-Request-Id: ${long}`, "X-Request-Id: one", "X-Request-Id: three"]) {
      world.begins("out", field)
      expect(world.ends("out").cause).toBeUndefined()
    }
  })

  test("tells two of one trace from each other", () => {
    const world = new World()
    world.begins("in1", traceA, "X-Request-Id: one")
    world.begins("in2", traceA, "X-Request-Id: two")
    world.begins("out1", traceA, "X-Request-Id: two")
    expect(world.ends("out1").cause).toEqual({ id: "in2", by: "header" })
  })
})

test("no more are remembered than there may be, and what was open with the forgotten ones has no cause by its fields", () => {
  const world = new World()
  world.begins("out0", traceB)
  world.begins("in1", traceA)
  world.begins("out1", traceA)
  world.ends("in1")
  for (let i = 0; i < maxRememberedCauses; i++) {
    world.begins("in2", traceA)
    world.ends("in2")
  }
  // Of the trace there may have been another one.
  expect(world.ends("out1").cause).toEqual({ id: "in1", by: "alone" })
  world.begins("in3", traceB)
  world.begins("out2", traceB)
  expect(world.ends("out2").cause).toEqual({ id: "in3", by: "traceparent" })
})

test("nothing is left when all is over", () => {
  const world = new World()
  world.begins("in1", traceA, "X-Request-Id: one")
  world.begins("out1", traceA)
  world.begins("in2", traceB)
  world.ends("in1")
  world.goes("in2")
  world.ends("out1")
  world.begins("in3", traceB)
  world.ends("in3")
  for (const held of Object.values(world.causes)) {
    if (held instanceof Set || held instanceof Map) expect(held.size).toBe(0)
  }
})
