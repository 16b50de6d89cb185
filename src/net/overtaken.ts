/**
 * Overtaken: the attempts that a later one of their own race has overtaken, oldest first, over all races of a dialer.
 *
 * Such an attempt may still win, but it is a luxury: a connection is given two descriptors, one for its client and one
 * for its target. A name with sixteen addresses that do not answer would take sixteen, a few dozen clients who ask for
 * it every descriptor of the process, and at that limit `accept` fails over and over without sleeping. So an overtaken
 * attempt lives in a place that no client needs, and gives it up when one comes.
 */
import type { Attempt } from "./attempt.ts"

export class Overtaken {
  private readonly attempts = new Map<Attempt, () => void>()
  /** Nothing is known of places until the first client has come. */
  private places = Number.POSITIVE_INFINITY

  get size(): number {
    return this.attempts.size
  }

  /** Adds an attempt; `giveUp` is called when its place is needed, which may be at once. */
  add(attempt: Attempt, giveUp: () => void): void {
    this.attempts.set(attempt, giveUp)
    this.trim(this.places)
  }

  remove(attempt: Attempt): void {
    this.attempts.delete(attempt)
  }

  /** There are `places` from now on: the oldest attempts beyond them are given up. */
  trim(places: number): void {
    this.places = places
    for (const [attempt, giveUp] of this.attempts) {
      if (this.attempts.size <= places) return
      this.attempts.delete(attempt)
      giveUp()
    }
  }
}
