/**
 * Order: how a table is sorted, by any of its columns.
 */

export interface Order<K extends string = string> {
  readonly by: K
  readonly descending: boolean
}

/** Rows by one of their values, of equal ones as `tie` says. What is not known comes last, whichever way. */
export const sortBy = <R>(
  rows: ReadonlyArray<R>,
  valueOf: (row: R) => string | number | undefined,
  descending: boolean,
  tie: (a: R, b: R) => number,
): ReadonlyArray<R> => {
  const sign = descending ? -1 : 1
  return rows.toSorted((a, b) => {
    const [first, second] = [valueOf(a), valueOf(b)]
    if (first === undefined || second === undefined) {
      return Number(first === undefined) - Number(second === undefined) || tie(a, b)
    }
    return sign * compare(first, second) || tie(a, b)
  })
}

const compare = (a: string | number, b: string | number): number => {
  if (typeof a === "number" && typeof b === "number") return a - b
  return a === b ? 0 : String(a) < String(b) ? -1 : 1
}
