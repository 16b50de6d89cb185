/**
 * Problem: why a text is no filter, for a person.
 */

export interface FilterProblem {
  readonly _tag: "Problem"
  /** What is wrong, where, and what to write instead; follows the text in a sentence. */
  readonly problem: string
  /** Where it is wrong: an index into the text. */
  readonly at: number
}

/** Makes one: `what` is wrong at `at`; `instead` goes on from there, with its own punctuation. */
export const problemAt = (at: number, what: string, instead = ""): FilterProblem => ({
  _tag: "Problem",
  problem: `${what} at character ${at + 1}${instead}`,
  at,
})

export const isProblem = (value: { readonly _tag: string }): value is FilterProblem => value._tag === "Problem"

/** A text of the user's as a sentence shows it: on one line, and cut where it is long. */
export const shown = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
