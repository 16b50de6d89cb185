import { expect, test } from "bun:test"
import { parseStat, Terminal } from "../../../src/cli/run/terminal.ts"

/** /proc/self/stat of process 12 in group and session 12, whose terminal has this foreground group. */
const stat = (terminal: number, foreground: number, session = 12): string =>
  `12 (pillion) S 1 12 ${session} ${terminal} ${foreground} 4194304 0`

test("a process is in the foreground of a terminal only if it has one and its group is the foremost", () => {
  expect(parseStat("12 (a) b) (c) S 1 12 12 34816 12 4194304 0")).toEqual({
    terminal: true,
    foreground: true,
    leader: true,
  })
  expect(parseStat(stat(34816, 99, 5))).toEqual({ terminal: true, foreground: false, leader: false })
  expect(parseStat(stat(0, -1))).toEqual({ terminal: false, foreground: false, leader: true })
  expect(parseStat("")).toEqual({ terminal: false, foreground: false, leader: false })
})

/** A terminal whose stat and clock are set by hand. */
const scripted = () => {
  const state = { stat: stat(34816, 12, 5), now: 0 }
  return {
    state,
    terminal: new Terminal(
      () => state.stat,
      () => state.now,
    ),
  }
}

test("it hung up if it was there a moment ago and is not now", () => {
  const { state, terminal } = scripted()
  expect([terminal.look(), terminal.hungUp()]).toEqual([true, false])
  state.now = 1000
  state.stat = stat(0, -1, 5)
  expect(terminal.hungUp()).toBe(true)
  // Somebody's SIGHUP, long after the terminal went without one.
  state.now = 60_000
  expect([terminal.look(), terminal.hungUp()]).toEqual([false, false])
})

test("in the foreground its keys tell the whole group; what only kill(1) sends does not", () => {
  const { state, terminal } = scripted()
  for (const signal of ["SIGINT", "SIGQUIT", "SIGWINCH"] as const) expect(terminal.tellsGroup(signal)).toBe(true)
  for (const signal of ["SIGTERM", "SIGHUP", "SIGUSR1"] as const) expect(terminal.tellsGroup(signal)).toBe(false)
  state.stat = stat(34816, 99, 5)
  expect(terminal.tellsGroup("SIGINT")).toBe(false)
})

test("when it closes the group is told of SIGHUP, but not where this process leads the session", () => {
  for (const [session, told] of [
    [5, true],
    [12, false],
  ] as const) {
    const { state, terminal } = scripted()
    terminal.look()
    state.stat = stat(0, -1, session)
    expect(terminal.tellsGroup("SIGHUP")).toBe(told)
  }
})
