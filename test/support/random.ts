/**
 * Random: a small seeded generator for tests. A failure names the seed that repeats it.
 */

export interface Random {
  /** An integer from 0 up to, not including, `end`. */
  readonly below: (end: number) => number
  readonly bytes: (length: number) => Uint8Array
  readonly pick: <A>(from: ReadonlyArray<A>) => A
}

/** The same seed gives the same numbers: an xorshift of 32 bits, for variety and not for secrets. */
export const makeRandom = (seed: number): Random => {
  let state = Math.imul(seed, 0x9e3779b1) | 1
  const below = (end: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % end
  }
  return {
    below,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
    pick: (from) => {
      const [chosen] = from.slice(below(from.length))
      if (chosen === undefined) throw new Error("nothing to pick from")
      return chosen
    },
  }
}

/**
 * Runs `property` with `rounds` seeds, new ones each time. A failure is thrown again with its seed; `TEST_SEED=seed`
 * in the environment runs that one first.
 */
export const fuzz = (rounds: number, property: (random: Random) => void): void => {
  const first = Number(process.env["TEST_SEED"] ?? crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1)
  for (let seed = first; seed < first + rounds; seed++) {
    try {
      property(makeRandom(seed))
    } catch (error) {
      throw new Error(`failed with TEST_SEED=${seed}: ${error}`, { cause: error })
    }
  }
}
