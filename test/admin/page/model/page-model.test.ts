/** What the page knows after each reading. */
import { expect, test } from "bun:test"

import { PageModel, maxEnded } from "../../../../src/admin/page/model/page-model.ts"
import { readSamples } from "../../../../src/admin/page/model/prometheus.ts"

const samples = readSamples("process_start_time_seconds 1\n")

/** A reading with `ended` entries from number `first` on. */
const reading = (first: number, ended: number, open = 0) => ({
  about: { state: "ready", version: "1.2.3", revision: "abc" },
  samples,
  points: [{ connections: first }],
  destinations: [{ direction: "outbound", name: "a.example:80", rate_10s: first }],
  total: open,
  open: Array.from({ length: open }, (_, i) => ({ flow: i })),
  first,
  ended: Array.from({ length: ended }, (_, i) => ({ flow: first + i, t_first_byte: 5, t_dial: 2 })),
})

const flows = (model: PageModel): ReadonlyArray<number> => model.ended.map(({ flow }) => flow)

test("it begins without anything, and knows state, version and lists after a reading", () => {
  const model = new PageModel()
  expect([model.state, model.version, model.open, model.ended]).toEqual(["connecting", "", [], []])
  model.take(reading(1, 2, 3))
  expect([model.state, model.version, model.total, model.open.length]).toEqual(["ready", "1.2.3 · abc", 3, 3])
  expect(flows(model)).toEqual([1, 2])
})

test("what ended is added to, bounded, and begins anew where the numbers do", () => {
  const model = new PageModel()
  model.take(reading(1, maxEnded))
  model.take(reading(maxEnded + 1, 2))
  expect([model.ended.length, model.ended[0]?.flow]).toEqual([maxEnded, 3])
  model.take(reading(1, 1))
  expect(flows(model)).toEqual([1])
})

test("the history has the points of every reading", () => {
  const model = new PageModel()
  for (const first of [1, 2]) model.take(reading(first, 1))
  expect(model.history.points.map(({ connections }) => connections)).toEqual([1, 2])
})

test("while it is paused the lists stay, and what ended meanwhile comes after", () => {
  const model = new PageModel()
  model.take(reading(1, 1, 1))
  model.togglePause()
  model.take(reading(2, 1, 5))
  expect([flows(model), model.total, model.openNow, model.history.points.length]).toEqual([[1], 1, 5, 2])
  expect(model.destinations.map(({ rate }) => rate)).toEqual([1])
  model.togglePause()
  expect(flows(model)).toEqual([1, 2])
})

test("what the proxy would not do is told until it answers again, and makes it no less ready", () => {
  const model = new PageModel()
  model.take(reading(1, 0))
  model.complain("The drain was not taken: 503")
  expect([model.state, model.trouble]).toEqual(["ready", "The drain was not taken: 503"])
  model.take(reading(1, 0))
  expect(model.trouble).toBeUndefined()
})

test("a proxy that does not answer is unreachable, but for one that was draining: that has ended", () => {
  const model = new PageModel()
  model.take(reading(1, 0))
  model.miss("no route")
  expect([model.state, model.trouble]).toEqual(["unreachable", "The proxy does not answer: no route"])
  model.take({ ...reading(1, 0), about: { state: "draining" } })
  expect([model.state, model.trouble]).toEqual(["draining", undefined])
  model.miss("no route")
  expect([model.state, model.trouble]).toEqual(["draining", "The proxy has drained and ended."])
})

test("after a gap what comes twice is there once; of another process nothing of the one before stays", () => {
  const model = new PageModel()
  model.take(reading(1, 5))
  model.take(reading(4, 4))
  expect(flows(model)).toEqual([1, 2, 3, 4, 5, 6, 7])
  const before = model.ended
  model.take(reading(8, 0))
  expect(model.ended).toBe(before)
  model.take({ ...reading(3, 8), samples: readSamples("process_start_time_seconds 2\n") })
  expect(flows(model)).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
})
