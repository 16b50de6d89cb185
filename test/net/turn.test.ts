/** Chunks are handed over at once while they come one by one, and together while turns are full; always in their order. */
import { expect, test } from "bun:test"

import { type Arriving, lonelyAtMost, lookEvery, mostWaiting, Turn } from "../../src/net/turn.ts"

/** A turn whose end is the test's to call, and what its ends were given. */
const make = () => {
  const atEnd: Array<() => void> = []
  const given: Array<string> = []
  const turn = new Turn((call) => void atEnd.push(call))
  const end = (name: string, taken: () => void = () => {}): Arriving => ({
    take: (chunk) => {
      given.push(`${name}${chunk.length}`)
      taken()
    },
  })
  return {
    turn,
    end,
    /** What was given since it was last asked. */
    given: () => given.splice(0),
    /** The turn is over; says how many had waited for that. */
    over: () => atEnd.splice(0).map((call) => call()).length,
  }
}
type Made = ReturnType<typeof make>

/** Adds `chunks` chunks of one byte, from as many ends. */
const add = ({ turn, end }: Made, chunks: number): void => {
  for (let i = 0; i < chunks; i++) turn.add(end("x"), new Uint8Array(1))
}

/** Turns of five chunks until chunks wait. */
const fill = (made: Made): void => {
  for (let turns = 0; turns < lookEvery; turns++) {
    add(made, 5)
    made.over()
  }
  made.given()
}

test("a chunk that comes alone is handed over at once, and hardly ever asks for the turn's end", () => {
  const made = make()
  let asked = 0
  for (let i = 0; i < 10 * lookEvery; i++) {
    add(made, 1)
    expect(made.given()).toEqual(["x1"])
    asked += made.over()
  }
  expect(asked).toBe(10)
})

test("in full turns chunks wait until everything was read, and keep their order", () => {
  const made = make()
  fill(made)
  const { turn, end } = made
  for (const [i, name] of ["a", "b", "c"].entries()) turn.add(end(name), new Uint8Array(i + 1))
  expect(made.given()).toEqual([])
  expect(made.over()).toBe(1)
  expect(made.given()).toEqual(["a1", "b2", "c3"])
})

test("what waits is handed over before anything else is told, and once", () => {
  const made = make()
  fill(made)
  add(made, 2)
  made.turn.deliver()
  expect(made.given()).toEqual(["x1", "x1"])
  add(made, 1)
  expect([made.given(), made.over(), made.given()]).toEqual([[], 1, ["x1"]])
})

test("no more wait than there is room for", () => {
  const made = make()
  fill(made)
  add(made, mostWaiting - 1)
  expect(made.given()).toEqual([])
  add(made, 1)
  expect(made.given().length).toBe(mostWaiting)
  add(made, 1)
  expect([made.given(), made.over(), made.given()]).toEqual([[], 1, ["x1"]])
})

test("who is told in the middle of handing over does not begin it again, and what comes then is not forgotten", () => {
  const made = make()
  fill(made)
  const { turn, end } = made
  turn.add(
    end("first", () => {
      turn.deliver()
      turn.add(end("late"), new Uint8Array(1))
    }),
    new Uint8Array(1),
  )
  turn.add(end("second"), new Uint8Array(1))
  turn.deliver()
  expect(made.given()).toEqual(["first1", "second1", "late1"])
})

test("after lonely turns chunks are handed over at once again", () => {
  const made = make()
  fill(made)
  for (let i = 0; i < lonelyAtMost; i++) {
    add(made, 1)
    expect([made.given(), made.over(), made.given()]).toEqual([[], 1, ["x1"]])
  }
  add(made, 1)
  expect(made.given()).toEqual(["x1"])
})

test("one full turn among lonely ones starts their count anew", () => {
  const made = make()
  fill(made)
  for (let i = 0; i < 3 * lonelyAtMost; i++) {
    add(made, i % lonelyAtMost === 0 ? 2 : 1)
    made.over()
  }
  made.given()
  add(made, 1)
  expect(made.given()).toEqual([])
})
