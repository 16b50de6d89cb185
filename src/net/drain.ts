/**
 * Drain: the one fact that the program is going to stop, for everyone who has to know.
 */
export class Drain {
  active = false
  private readonly subscribers = new Set<() => void>()

  /** `onStart` is called once, when the drain starts, unless it is unsubscribed before. */
  subscribe(onStart: () => void): void {
    this.subscribers.add(onStart)
  }

  unsubscribe(onStart: () => void): void {
    this.subscribers.delete(onStart)
  }

  start(): void {
    if (this.active) return
    this.active = true
    for (const onStart of this.subscribers) onStart()
    this.subscribers.clear()
  }
}
