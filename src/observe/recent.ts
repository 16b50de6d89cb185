/**
 * Recent: what ended last, as lines of JSON, and who is told when something ends. Bounded by count and by size: it can
 * be asked for at any time, and never grows.
 */
import type { Entry } from "./entry.ts"

/** Lines that are kept: what a person reads, and at a few hundred bytes each a third of the size that is allowed. */
export const mostLines = 1000
/** Characters, and so bytes, of all lines that are kept. */
export const mostCharacters = 1 << 20

/** Is told of every entry with its line of JSON. Called synchronously; must not throw. */
export type Follower = (entry: Entry, line: string) => void

/** Lines with their numbers: `first` is that of the first one, and they go up by one. */
export interface Lines {
  readonly first: number
  readonly lines: ReadonlyArray<string>
}

export class Recent {
  /** The line of number n is at n % mostLines. */
  private readonly lines = Array.from({ length: mostLines }, () => "")
  private characters = 0
  /** The numbers of the oldest line that is here and of the one that comes next, counted from 1. */
  private oldest = 1
  private next = 1
  private readonly followers = new Set<Follower>()

  /** `line` is the entry as JSON with its newline. */
  add(entry: Entry, line: string): void {
    if (this.next - this.oldest === mostLines) this.forgetOldest()
    this.lines[this.next++ % mostLines] = line
    this.characters += line.length
    while (this.characters > mostCharacters) this.forgetOldest()
    for (const follower of this.followers) follower(entry, line)
  }

  /** Calls `follower` from now on, until the function that it returns is called. */
  follow(follower: Follower): () => void {
    this.followers.add(follower)
    return () => void this.followers.delete(follower)
  }

  /** Every line that is still here and has a number above `after`, the oldest first. */
  since(after: number): Lines {
    const first = Math.max(after + 1, this.oldest)
    const lines: Array<string> = []
    for (let number = first; number < this.next; number++) lines.push(this.lines[number % mostLines]!)
    return { first, lines }
  }

  private forgetOldest(): void {
    const at = this.oldest++ % mostLines
    this.characters -= this.lines[at]!.length
    this.lines[at] = ""
  }
}
