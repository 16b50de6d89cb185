/**
 * Within: a deadline that fails loudly. Every wait of a test goes through here, so that what never comes has a name.
 */

/** `promise`, or an error naming `what` after `milliseconds`. The deadline is for bugs: no passing test ever meets it. */
export const within = async <A>(
  promise: Promise<A>,
  what: string | (() => string),
  milliseconds = 4000,
): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no ${typeof what === "string" ? what : what()} within ${milliseconds} ms`))
    }, milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Something that events change, and that tests wait for: `changed` after each event, `until` for the first value. */
export class Condition {
  private readonly waiters = new Set<() => void>()

  changed(): void {
    for (const waiter of this.waiters) waiter()
  }

  /** The first value of `attempt` that is not undefined; tried now, and after each `changed`. What it throws, rejects. */
  async until<A>(attempt: () => A | undefined, what: string | (() => string), milliseconds?: number): Promise<A> {
    const { promise, resolve, reject } = Promise.withResolvers<A>()
    const waiter = (): void => {
      try {
        const value = attempt()
        if (value !== undefined) resolve(value)
      } catch (cause) {
        reject(cause)
      }
    }
    this.waiters.add(waiter)
    waiter()
    try {
      return await within(promise, what, milliseconds)
    } finally {
      this.waiters.delete(waiter)
    }
  }
}

/** Asks again and again until the answer is `wanted`. Only for what another process knows and tells nobody. */
export const eventually = async <A>(
  ask: () => Promise<A>,
  wanted: A,
  what: string,
  milliseconds = 4000,
): Promise<void> => {
  const started = performance.now()
  let answer = await ask()
  while (answer !== wanted) {
    if (performance.now() - started > milliseconds) {
      throw new Error(`${what} is ${String(answer)} and not ${String(wanted)} after ${milliseconds} ms`)
    }
    await Bun.sleep(20)
    answer = await ask()
  }
}
