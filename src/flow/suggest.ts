/**
 * Suggest: the known name that a mistyped one most likely means.
 */

/** `; did you mean --proxy-type?`, or nothing when no known name is near. */
export const didYouMean = (
  typed: string,
  known: ReadonlyArray<string>,
  show = (name: string): string => name,
): string => {
  const name = suggest(typed, known)
  return name === undefined ? "" : `; did you mean ${show(name)}?`
}

/** The only one of `known` that begins so, or the nearest, if it is near enough to be worth naming. */
export const suggest = (typed: string, known: ReadonlyArray<string>): string | undefined => {
  const spelled = normalize(typed)
  const begun = spelled.length < 4 ? [] : known.filter((name) => normalize(name).startsWith(spelled))
  if (begun.length === 1) return begun[0]
  let best: string | undefined
  // Up to a third of the letters may be wrong; more is another word, and a wrong suggestion is worse than none.
  let least = Math.max(1, Math.floor(spelled.length / 3)) + 1
  for (const name of known) {
    const distance = editDistance(spelled, normalize(name))
    if (distance < least) {
      least = distance
      best = name
    }
  }
  return best
}

/** Other spellings of one name are the same name: `proxyInPort`, `PROXY_IN_PORT`, `--proxy-in-port`. */
const normalize = (name: string): string =>
  name
    .replace(/([a-z])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replaceAll("_", "-")
    .replace(/^-+/, "")

/** How many letters must be added, dropped, replaced or swapped with their neighbour (optimal string alignment). */
const editDistance = (from: string, to: string): number => {
  // No option name is longer; a pasted novel must not cost a quadratic table.
  if (Math.abs(from.length - to.length) > 32) return Number.POSITIVE_INFINITY
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= from.length; row++) {
    const above = rows[row - 1]!
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const replace = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1)
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      const swap = swapped && row > 1 && column > 1 ? rows[row - 2]![column - 2]! + 1 : replace
      current.push(Math.min(replace, swap, above[column]! + 1, current[column - 1]! + 1))
    }
    rows.push(current)
  }
  return rows[from.length]![to.length]!
}
