/**
 * Signals: what the system sends the process, from its first moment on. Those that come before somebody listens are
 * kept: as PID 1 an unhandled SIGTERM would be ignored, and the pod would be killed instead.
 */

/** Every other one keeps its default meaning. */
const heard = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const
export type Signal = (typeof heard)[number]

export class Signals {
  private readonly early: Array<Signal> = []
  private listener: ((signal: Signal) => void) | undefined = undefined

  /** Hears them from now on, for as long as the process lives. */
  install(): void {
    for (const signal of heard) {
      process.on(signal, () => {
        if (this.listener === undefined) this.early.push(signal)
        else this.listener(signal)
      })
    }
  }

  /** Tells `listener` of every signal, also of those that came before. */
  listen(listener: (signal: Signal) => void): void {
    this.listener = listener
    for (const signal of this.early.splice(0)) listener(signal)
  }
}
