/** Points of a second each, in a ring that never grows. */
import { expect, test } from "bun:test"

import { History, maxPoints } from "../../../src/observe/metrics/history.ts"

test("a point has what happened between two samples, per second", () => {
  const history = new History(0)
  history.sample(1000, { in: 100, out: 1000 })
  history.accepted()
  for (const status of [200, 503]) history.answered(status)
  for (let i = 0; i < 4; i++) history.refused()
  for (const milliseconds of [10, 10, 10, 400]) history.waited(milliseconds)
  history.sample(3000, { in: 300, out: 1000 })
  const { first, points } = history.since(1)
  expect([first, points.length]).toEqual([2, 1])
  expect(points[0]).toMatchObject({
    connections: 0.5,
    requests: 1,
    to_target: 100,
    to_client: 0,
    refusals: 2,
    failures: 0.5,
  })
  expect(Math.abs((points[0]?.median ?? 0) - 10)).toBeLessThan(1)
  expect(Math.abs((points[0]?.slowest ?? 0) - 400)).toBeLessThan(40)
})

test("a second in which nothing was answered has no latency", () => {
  const history = new History(0)
  history.waited(1)
  history.sample(1000, undefined)
  history.sample(2000, undefined)
  expect(history.since(1).points).toMatchObject([{ requests: 0, median: null, slowest: null }])
})

test("it keeps ten minutes, and who asks with the last number gets only what is new", () => {
  const history = new History(0)
  for (let second = 1; second <= maxPoints + 5; second++) {
    for (let i = 0; i < second; i++) history.accepted()
    history.sample(second * 1000, undefined)
  }
  const all = history.since(0)
  expect([all.first, all.points.length]).toEqual([6, maxPoints])
  expect([all.points[0]?.connections, all.points.at(-1)?.connections]).toEqual([6, maxPoints + 5])
  expect(history.since(maxPoints + 3)).toMatchObject({ first: maxPoints + 4, points: [{}, {}] })
  expect(history.since(maxPoints + 5).points).toEqual([])
  expect(history.since(1_000_000).points).toEqual([])
  expect(history.since(-5).first).toBe(6)
})

test("bytes that are not counted at every point have the rate of the last time, over all of the time between", () => {
  const history = new History(0)
  history.sample(1000, { in: 100, out: 200 })
  history.sample(2000, undefined)
  history.sample(3000, { in: 1100, out: 2200 })
  expect(history.since(0).points.map(({ to_target, to_client }) => [to_target, to_client])).toEqual([
    [100, 200],
    [100, 200],
    [500, 1000],
  ])
})

test("what happened before the first sample is in the first point", () => {
  const history = new History(500)
  history.accepted()
  history.answered(200)
  history.sample(1500, { in: 10, out: 20 })
  expect(history.since(0).points).toMatchObject([{ connections: 1, requests: 1, to_target: 10, to_client: 20 }])
})
