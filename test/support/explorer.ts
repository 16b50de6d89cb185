/**
 * Explorer: plays every order of what can happen to a state machine, up to a depth, and looks each time whether what
 * must always be so is so. Behind that depth it goes on at random.
 *
 * An order is a list of lines of a playbook. Each is played in a world of its own, from the start: machines cannot be
 * copied, and a thousand lines take a few milliseconds. When an order fails, every line that the failure does not need
 * is left out of it, and what is left is shown as a playbook: what was done, and what followed.
 */
import { forgetAll, nextDue } from "../../src/net/common/deadline.ts"
import { act, passUntilDue, type World } from "./playbook.ts"
import type { Random } from "./random.ts"
import type { ScriptedEnd } from "./scripted-end.ts"

/** How often each end's peer has sent so far, by the end's name. */
export type Said = ReadonlyMap<string, number>

export interface Explored<W extends World> {
  readonly make: () => W
  /** Lines that are played first, in every order. */
  readonly before: ReadonlyArray<string>
  /** The lines that can come next. */
  readonly moves: (world: W, said: Said) => ReadonlyArray<string>
  /** What must not be, and is, after any line. */
  readonly always?: (world: W) => string | undefined
  /** Lets whatever is still open come to an end in order. */
  readonly finish: (world: W) => void
  /** What must not be, and is, when everything is over. */
  readonly wrongs: (world: W) => ReadonlyArray<string>
}

/** One play of one order. */
class Play<W extends World> {
  readonly world: W
  /** What was played behind what comes before. */
  readonly order: Array<string> = []
  private readonly explored: Explored<W>
  private readonly said = new Map<string, number>()
  private readonly transcript: Array<string> | undefined
  private told = 0
  private wrong: string | undefined

  constructor(explored: Explored<W>, transcript?: Array<string>) {
    this.explored = explored
    this.transcript = transcript
    // What another order left armed is that one's failure.
    forgetAll()
    this.world = explored.make()
    for (const line of explored.before) this.line(line)
  }

  get moves(): ReadonlyArray<string> {
    return this.wrong === undefined ? this.explored.moves(this.world, this.said) : []
  }

  move(line: string): void {
    this.order.push(line)
    this.line(line)
  }

  /** What is wrong once it was played to its end. */
  end(): ReadonlyArray<string> {
    const { world, explored } = this
    try {
      if (this.wrong === undefined) explored.finish(world)
      this.note()
      if (this.wrong !== undefined) return [this.wrong]
      const wrongs = [...explored.wrongs(world)]
      for (const end of world.ends.values()) {
        wrongs.push(...end.wrongs)
        if (end.closes !== 1) wrongs.push(`${end.name} is closed ${end.closes} times`)
      }
      if (nextDue() !== undefined) wrongs.push("a deadline is armed when everything is over")
      return wrongs
    } finally {
      world.giveUp()
    }
  }

  private line(line: string): void {
    const at = line.indexOf(" > ")
    if (at > 0) this.said.set(line.slice(0, at), (this.said.get(line.slice(0, at)) ?? 0) + 1)
    this.transcript?.push(line)
    try {
      if (!act(this.world, line)) throw new Error(`${line} is no deed`)
    } catch (error) {
      this.wrong ??= `it throws: ${String(error)}`
    }
    this.wrong ??= this.explored.always?.(this.world)
    this.note()
  }

  private note(): void {
    if (this.transcript === undefined) return
    const { lines } = this.world.effects
    this.transcript.push(...lines.slice(this.told))
    this.told = lines.length
  }
}

/** Plays every order of at most `depth` lines; returns how many that were. Throws the first that fails, shrunk. */
export const explore = <W extends World>(explored: Explored<W>, depth: number): number => {
  let orders = 0
  for (let length = 0; length <= depth; length++) {
    // The choice at each place; counted up like the digits of a number, the last one first.
    const choices: Array<number> = []
    for (;;) {
      const play = new Play(explored)
      const limits: Array<number> = []
      while (limits.length < length) {
        const { moves } = play
        if (moves.length === 0) break
        limits.push(moves.length)
        play.move(moves[(choices[limits.length - 1] ??= 0)]!)
      }
      // One that is over before its length was played at that length.
      if (limits.length === length) {
        orders++
        check(explored, play)
      } else play.end()
      choices.length = limits.length
      while (choices.length > 0 && choices.at(-1)! + 1 >= limits[choices.length - 1]!) choices.pop()
      if (choices.length === 0) break
      choices[choices.length - 1]!++
    }
  }
  return orders
}

const ending = / resets$|^cancel$| refuses writes$|^the dial fails|^the drain begins$/

/** Plays so many orders of up to `length` lines, at random. */
export const wander = <W extends World>(
  explored: Explored<W>,
  orders: number,
  length: number,
  random: Random,
): void => {
  for (let i = 0; i < orders; i++) {
    const play = new Play(explored)
    while (play.order.length < length) {
      const { moves } = play
      if (moves.length === 0) break
      const move = random.pick(moves)
      // Were every move as likely, few orders would be long.
      play.move(ending.test(move) && random.below(5) > 0 ? random.pick(moves) : move)
    }
    check(explored, play)
  }
}

/** Plays one order, as far as its lines are possible. Throws if it fails, shrunk. */
export const playOrder = <W extends World>(explored: Explored<W>, order: ReadonlyArray<string>): void =>
  check(explored, replay(explored, order))

const check = <W extends World>(explored: Explored<W>, play: Play<W>): void => {
  if (play.end().length === 0) return
  const order = shrink(play.order, (shorter) => replay(explored, shorter).end().length > 0)
  const transcript: Array<string> = []
  const wrongs = replay(explored, order, transcript).end()
  throw new Error(`${wrongs.join("; ")}\n\n${transcript.map((line) => `    ${line}`).join("\n")}\n`)
}

const replay = <W extends World>(
  explored: Explored<W>,
  order: ReadonlyArray<string>,
  transcript?: Array<string>,
): Play<W> => {
  const play = new Play(explored, transcript)
  for (const line of order) if (play.moves.includes(line)) play.move(line)
  return play
}

/** Leaves out what the failure does not need: halves first, then ever smaller pieces, then single lines. */
export const shrink = (
  order: ReadonlyArray<string>,
  fails: (order: ReadonlyArray<string>) => boolean,
): ReadonlyArray<string> => {
  let shortest = order
  for (let size = Math.ceil(order.length / 2); size >= 1;) {
    let shrunk = false
    for (let at = 0; at < shortest.length;) {
      const shorter = [...shortest.slice(0, at), ...shortest.slice(at + size)]
      if (fails(shorter)) {
        shortest = shorter
        shrunk = true
      } else at += size
    }
    if (size > 1) size = Math.floor(size / 2)
    else if (!shrunk) break
  }
  return shortest
}

/** What the peer of an end and its kernel can do now. `pieces` are what the peer sends, one after another. */
export const peerMoves = (end: ScriptedEnd, pieces: ReadonlyArray<string>, said: Said): ReadonlyArray<string> => {
  const { name } = end
  if (!end.open) return []
  const moves = [`${name} resets`]
  const piece = pieces[said.get(name) ?? 0]
  if (end.hears && piece !== undefined) moves.push(`${name} > ${piece}`)
  if (!end.peerFinished) moves.push(end.paused ? `${name} finishes unread` : `${name} finishes`)
  if (end.room === Infinity) moves.push(`${name} has room for 1`)
  else moves.push(`${name} drains`)
  if (!end.refuses) moves.push(`${name} refuses writes`)
  if (!end.slow) moves.push(`${name} reads slowly`)
  else if (end.unacknowledged() > 0) moves.push(`${name} acknowledges all`)
  return moves
}

/**
 * Every peer takes what there is for it and finishes; then time passes for as long as anything waits for it. `settle`
 * does what the owner still has to.
 */
export const finishAll = (world: World, settle: () => void = () => {}): void => {
  const everybody = (...done: ReadonlyArray<string>): void => {
    for (const { name, open } of world.ends.values()) if (open) for (const deed of done) act(world, `${name} ${deed}`)
  }
  for (let rounds = 0; rounds < 3; rounds++) {
    settle()
    everybody("drains", "acknowledges all", "finishes")
    // What the kernel has refused once is closed.
    for (const { name, broken } of world.ends.values()) if (broken) act(world, `${name} resets EPIPE`)
  }
  for (let looks = 0; looks < 400 && nextDue() !== undefined; looks++) {
    settle()
    passUntilDue()
    everybody("drains", "acknowledges all")
  }
}
