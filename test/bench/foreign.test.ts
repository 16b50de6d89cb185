import { expect, test } from "bun:test"

import { booksInterruptsApart, busyTicks, foreignShare, watched } from "../../bench/foreign.ts"
import { foreignOf, type Row } from "../../bench/measure.ts"
import { bun } from "../../scripts/steps.ts"

const stat = [
  "cpu  1 1 1 1 1 1 1 1 1 1",
  //    user nice system idle iowait irq softirq steal guest guest_nice
  "cpu0 100 20 30 1000 500 4 5 6 70 80",
  "cpu1 200 0 0 1000 0 0 0 0 0 0",
  "cpu10 9000 0 0 0 0 0 0 0 0 0",
  "intr 1 2 3",
].join("\n")

test("busy is all but the two kinds of waiting, stolen time is busy, and guests are counted once", () => {
  expect(busyTicks(stat, [0], false)).toBe(165)
  expect(busyTicks(stat, [0, 1], false)).toBe(365)
})

test("interrupts that the kernel books apart are nobody's", () => {
  expect(busyTicks(stat, [0, 1], true)).toBe(356)
  expect(booksInterruptsApart("CONFIG_X=y\nCONFIG_IRQ_TIME_ACCOUNTING=y\n")).toBe(true)
  expect(booksInterruptsApart("# CONFIG_IRQ_TIME_ACCOUNTING is not set\nCONFIG_HAVE_IRQ_TIME_ACCOUNTING=y\n")).toBe(
    false,
  )
})

test("foreign is what was busy and not ours, of all the time that the cores had", () => {
  expect(foreignShare(3, 2.6, 2, 2)).toBeCloseTo(0.1, 10)
  // A tick more or less is the measure's own.
  expect(foreignShare(1.99, 2, 1, 2)).toBe(0)
})

const samples = (...shares: ReadonlyArray<number | undefined>): Row => ({
  peer: "any",
  samples: shares.map((foreign) => (foreign === undefined ? {} : { foreign })),
})

test("a burst in one round counts, for the share is a mean over all rounds; unseen rounds do not dilute it", () => {
  expect(foreignOf([samples(0, 0, 0.6), samples(0, 0, 0)])).toBeCloseTo(0.1, 10)
  expect(foreignOf([samples(0.2, undefined)])).toBe(0.2)
  expect(foreignOf([samples(undefined)])).toBeNaN()
})

test.skipIf(process.platform !== "linux")("the work of a child is ours, that of a stranger is not", async () => {
  const spin = `const until = Date.now() + 1000; while (Date.now() < until);`
  const ours = await watched(async () => await Bun.spawn(["taskset", "-c", "0,1", bun, "-e", spin]).exited)
  // Its parent ends at once, so it is no descendant of this process any more.
  const script = `setsid taskset -c 0,1 "$0" -e '${spin}' > /dev/null 2>&1 &`
  const foreign = await watched(async () => {
    await Bun.spawn(["sh", "-c", script, bun]).exited
    await Bun.sleep(1000)
  })
  // Alone on one of two cores it would be a half; others may be at work here too, in both.
  expect(foreign.foreign).toBeGreaterThan(0.1)
  expect(ours.result).toBe(0)
  expect(ours.foreign).toBeWithin(0, 1.01)
})
