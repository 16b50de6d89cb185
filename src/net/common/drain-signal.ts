/**
 * Drain signal: the one fact that the program is going to stop, for everyone who has to know.
 */

/** A part of the program that has to know. */
export interface DrainListener {
  /** Called once, when the drain starts. */
  readonly drained: () => void
}

export class Drain {
  active = false
  private readonly subscribers = new Set<DrainListener>()

  subscribe(subscriber: DrainListener): void {
    this.subscribers.add(subscriber)
  }

  unsubscribe(subscriber: DrainListener): void {
    this.subscribers.delete(subscriber)
  }

  start(): void {
    if (this.active) return
    this.active = true
    for (const subscriber of this.subscribers) subscriber.drained()
    this.subscribers.clear()
  }
}
