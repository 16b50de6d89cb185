/**
 * Wiretaps: one that tells what it hears as a playbook's effects, and what may pass unseen by it, and when it throws, as a
 * script says.
 */
import type { End } from "../../src/net/common/end.ts"
import { type Moved, spliceFrom, type Splicer } from "../../src/net/splice/splicer.ts"
import type { Side, Wiretap } from "../../src/net/tunnel/wiretap.ts"
import { fromLatin1, toLatin1 } from "../../src/protocol/bytes.ts"
import type { World } from "./playbook.ts"

export class ScriptedWiretap implements Wiretap {
  isDone = false
  successor: ScriptedWiretap | undefined = undefined
  /** Everything that it heard, and how often it was told of the end. */
  readonly heard: Record<Side, string> = { client: "", target: "" }
  ends = 0
  private readonly canMiss: Record<Side, number> = { client: 0, target: 0 }
  private throws = false
  private readonly add: (effect: string) => void

  constructor(add: (effect: string) => void) {
    this.add = add
  }

  carried(from: Side, bytes: Uint8Array): void {
    const text = toLatin1(bytes)
    this.heard[from] += text
    this.tell(`hears ${from}: ${text}`)
  }

  skippable(from: Side): number {
    return this.canMiss[from]
  }

  skipped(from: Side, count: number): void {
    this.tell(`misses ${count} of ${from}`)
  }

  finished(from: Side): void {
    this.tell(`hears that ${from} finished`)
  }

  over(): void {
    this.ends++
    this.tell("hears that it is over")
  }

  failed(cause: unknown): void {
    this.add(`wiretap is let go: ${String(cause)}`)
  }

  /** What it does when a script says so. */
  get deeds(): World["deeds"] {
    return {
      "wiretap can miss": (rest) => {
        const [count, , side] = rest.split(" ")
        this.canMiss[side === "client" ? "client" : "target"] = Number(count)
      },
      "wiretap wants no more": () => void (this.isDone = true),
      "wiretap makes room for another one": () => {
        this.isDone = true
        this.successor = new ScriptedWiretap((effect) => this.add(effect.replace("wiretap", "the other one")))
      },
      "wiretap throws": () => void (this.throws = true),
    }
  }

  private tell(what: string): void {
    this.add(`wiretap ${what}`)
    if (this.throws) throw new Error("as the script says")
  }
}

/** A splicer that moves as many bytes as a script says; its receiver takes all of them but the last `left`. */
export class ScriptedSplicer implements Pick<Splicer, "move"> {
  private waiting = 0
  private left = ""
  private readonly add: (effect: string) => void

  constructor(add: (effect: string) => void) {
    this.add = add
  }

  move(from: End, to: End, limit = Infinity): Moved {
    if (this.waiting === 0 || limit < spliceFrom) return undefined
    const count = Math.min(this.waiting, limit)
    const { left } = this
    this.waiting = 0
    this.left = ""
    from.received += count
    to.sent += count - left.length
    this.add(`${count} are spliced`)
    return left === "" ? undefined : fromLatin1(left)
  }

  get deeds(): World["deeds"] {
    return {
      "behind it wait": (rest) => void (this.waiting = Number.parseInt(rest, 10)),
      "of these are left": (rest) => void (this.left = rest),
    }
  }
}
