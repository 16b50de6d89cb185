/**
 * Playbook: a test of a state machine that reads like the protocol. Each line is what somebody does or what has to
 * follow from it, all of it, in this order:
 *
 *     client > GET http://a/ HTTP/1.1|Host: a||     a peer sends; | is a line end, {70000} so many x, <05 00> bytes
 *     needs Origin a:80                             what the machine asks of its owner
 *     supply                                        what its owner does
 *     origin < GET / HTTP/1.1|...                   what a peer is written; ... is anything
 *     client gets FIN                               what becomes of an end
 *     client is paused                              how it stands, asked where the line stands
 *
 * What peers and kernels do is in `deeds`, how things stand in `states`; a world adds the deeds of its machine's owner.
 * Every other line is an effect. Time is held, and passes where a line says so (`5000 ms pass`). A case ends with its
 * machine given up: no deadline may be armed then, and no end may have met what no end may meet.
 */
import { afterAll, beforeAll, jest, test } from "bun:test"
import { forgetAll, nextDue } from "../../src/net/common/deadline.ts"
import type { ScriptedEnd } from "./scripted-end.ts"

/** The world around one machine: its scripted ends, and what its owner can do. */
export interface World {
  readonly effects: Effects
  readonly ends: ReadonlyMap<string, ScriptedEnd>
  /** What the machine's owner does, by the first words of a line; given the rest of it. */
  readonly deeds: Readonly<Record<string, (rest: string) => void>>
  /** The case is over: gives up whatever is under way, and closes what is the owner's. */
  readonly giveUp: () => void
}

/** What a machine has done, in order. Bytes that go to one end one after another are one effect. */
export class Effects {
  private readonly told: Array<string> = []
  private sealed = 0

  /** As a playbook writes them. */
  get lines(): ReadonlyArray<string> {
    return this.told.map((line) => readable(line).trimEnd())
  }

  /** What follows is another deed's. */
  seal(): void {
    this.sealed = this.told.length
  }

  readonly tell = (name: string, effect: string): void => {
    const last = this.told.at(-1)
    const goesOn = effect.startsWith("< ") && this.told.length > this.sealed && last!.startsWith(`${name} < `)
    if (goesOn) this.told[this.told.length - 1] = last + effect.slice(2)
    else this.told.push(`${name} ${effect}`)
  }

  readonly add = (effect: string): void => void this.told.push(effect)
}

type Deed = (end: ScriptedEnd, rest: string) => void

const number = (rest: string): number => {
  const value = Number.parseInt(rest, 10)
  if (Number.isNaN(value)) throw new TypeError(`${rest} begins with no number`)
  return value
}

/** What the peer of an end and its kernel do, by the words behind its name. */
const deeds: Readonly<Record<string, Deed>> = {
  ">": (end, rest) => end.sends(bytesOf(rest)),
  finishes: (end) => end.finishes(),
  "finishes unread": (end) => end.finishes(true),
  resets: (end, code) => end.resets(code === "" ? undefined : code),
  "has room for": (end, rest) => end.hasRoomFor(number(rest)),
  "drains for": (end, rest) => end.drains(number(rest)),
  drains: (end) => end.drains(),
  "refuses writes": (end) => void (end.refuses = true),
  "reads slowly": (end) => void (end.slow = true),
  acknowledges: (end, rest) => end.acknowledges(rest === "all" ? undefined : number(rest)),
}

const states: Readonly<Record<string, (end: ScriptedEnd) => boolean>> = {
  "is paused": (end) => end.paused,
  "is read": (end) => !end.paused,
  "is open": (end) => end.open,
}

/** The bytes of a line. */
export const bytesOf = (text: string): string =>
  text
    .replaceAll("|", "\r\n")
    .replaceAll(/\{(\d+)\}/g, (_, count) => "x".repeat(Number(count)))
    .replaceAll(/<([\da-f]{2}(?: [\da-f]{2})*)>/g, (_, bytes: string) =>
      String.fromCharCode(...bytes.split(" ").map((byte) => Number.parseInt(byte, 16))),
    )

/** The other way round; a byte that is no text is `<00>`. */
const readable = (text: string): string =>
  text
    .replaceAll("\r\n", "|")
    .replaceAll(/x{32,}/g, (run) => `{${run.length}}`)
    // oxlint-disable-next-line no-control-regex
    .replaceAll(
      /[^ -~]+/g,
      (run) => `<${Array.from(run, (c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join(" ")}>`,
    )

/** `...` stands for anything. */
const matches = (expected: string, actual: string): boolean => {
  const [head = "", ...rest] = expected.split("...")
  if (rest.length === 0) return bytesOf(expected) === bytesOf(actual)
  if (!actual.startsWith(head)) return false
  let at = head.length
  const last = rest.pop()!
  for (const part of rest) {
    at = actual.indexOf(part, at)
    if (at < 0) return false
    at += part.length
  }
  return actual.length - at >= last.length && actual.endsWith(last)
}

/** Lets time pass; whatever becomes due happens at its time. */
export const pass = (milliseconds: number): void => void jest.advanceTimersByTime(milliseconds)

/** Lets time pass until the next deadline has fired. */
export const passUntilDue = (): void => {
  const due = nextDue()
  if (due !== undefined) pass(Math.max(1, Math.ceil(due - performance.now())))
}

/** Hands on what has waited at any end, and what follows from that. */
export const turn = ({ ends }: Pick<World, "ends">): void => {
  for (let rounds = 0; rounds < 100; rounds++) {
    let some = false
    for (const end of ends.values()) some = end.turn() || some
    if (!some) return
  }
  throw new Error("the ends never come to rest")
}

/** Plays one line, if it is what somebody does. False for an effect. */
export const act = (world: World, line: string): boolean => {
  const wait = /^(\d+) ms pass$/.exec(line)
  world.effects.seal()
  if (wait !== null) pass(Number(wait[1]))
  else if (line === "its time is up") passUntilDue()
  else {
    const own = begun(world.deeds, line)
    if (own !== undefined) own.deed(own.rest)
    else {
      const [name = ""] = line.split(" ", 1)
      const end = world.ends.get(name)
      const found = end && begun(deeds, line.slice(name.length + 1))
      if (end === undefined || found === undefined) return false
      found.deed(end, found.rest)
    }
  }
  turn(world)
  return true
}

/** The longest of the names with which a line begins, and what is behind it. */
const begun = <D>(all: Readonly<Record<string, D>>, line: string): { deed: D; rest: string } | undefined => {
  let best: string | undefined
  for (const name in all) {
    const fits = line === name || line.startsWith(`${name} `)
    if (fits && (best === undefined || name.length > best.length)) best = name
  }
  return best === undefined ? undefined : { deed: all[best]!, rest: line.slice(best.length).trimStart() }
}

/** Plays a script in a new world; throws a transcript of what happened where that is something else. */
export const play = (make: () => World, script: string): void => {
  // What another case left armed is that one's failure.
  forgetAll()
  const world = make()
  const said: Array<string> = []
  let at = 0
  const fail = (why: string): never => {
    world.giveUp()
    throw new Error(`${said.map((line) => `    ${line}`).join("\n")}\n=== ${why}`)
  }
  const nothingMore = (): void => {
    const { lines } = world.effects
    if (at < lines.length) fail(`this followed too: ${lines.slice(at).join(" / ")}`)
  }
  for (const line of linesOf(script)) {
    const state = stateOf(world, line)
    if (state === false) fail(`is not so: ${line}`)
    if (state === true) {
      said.push(line)
      continue
    }
    // A deed is one only where the line before it has been answered in full.
    if (isDeed(world, line)) {
      nothingMore()
      said.push(line)
      act(world, line)
      continue
    }
    const actual = world.effects.lines[at]
    if (actual === undefined) fail(`did not follow: ${line}`)
    else if (!matches(line, actual)) fail(`expected: ${line}\n    happened: ${actual}`)
    at++
    said.push(line)
  }
  nothingMore()
  world.giveUp()
  const wrongs = [...world.ends.values()].flatMap(({ wrongs }) => wrongs)
  if (nextDue() !== undefined) wrongs.push("a deadline is armed when everything is over")
  for (const { name, closes } of world.ends.values()) if (closes > 1) wrongs.push(`${name} is closed ${closes} times`)
  if (wrongs.length > 0) fail(wrongs.join("; "))
}

export const linesOf = (script: string): ReadonlyArray<string> =>
  script
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")

export const stateOf = (world: World, line: string): boolean | undefined => {
  if (line === "no deadline is armed") return nextDue() === undefined
  const [name = ""] = line.split(" ", 1)
  const end = world.ends.get(name)
  const state = states[line.slice(name.length + 1)]
  return end === undefined || state === undefined ? undefined : state(end)
}

const isDeed = (world: World, line: string): boolean => {
  if (/^(\d+ ms pass|its time is up)$/.test(line) || begun(world.deeds, line) !== undefined) return true
  const [name = ""] = line.split(" ", 1)
  return world.ends.has(name) && begun(deeds, line.slice(name.length + 1)) !== undefined
}

/** Holds time still for every test of this file. What other files have left armed is not theirs, and ours not others'. */
export const holdTime = (): void => {
  beforeAll(() => {
    forgetAll()
    jest.useFakeTimers()
  })
  afterAll(() => {
    forgetAll()
    jest.useRealTimers()
  })
}

/** One test for each script, by its name. */
export const plays = (make: () => World, scripts: Readonly<Record<string, string>>): void => {
  for (const name in scripts) test(name, () => play(make, scripts[name]!))
}
