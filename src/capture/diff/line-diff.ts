/** Line diff: which lines of a text are gone and which are new, by a longest common subsequence. */

export interface ChangedLine {
  readonly kind: "gone" | "new"
  /** From 1, in the text that has it. */
  readonly line: number
  readonly text: string
}

/** Lines of each text, between the beginning and the end that they share, that are compared each with each. */
export const maxComparedLines = 1000

/**
 * The lines that differ, in their order. Beyond `maxComparedLines` all of one text's lines between the shared beginning
 * and end count as gone, and the other's as new: that is true too, and costs nothing.
 */
export const diffLines = (before: ReadonlyArray<string>, after: ReadonlyArray<string>): ReadonlyArray<ChangedLine> => {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  const most = Math.min(before.length, after.length) - start
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++
  const a = before.slice(start, before.length - end)
  const b = after.slice(start, after.length - end)
  const isTooLong = a.length > maxComparedLines || b.length > maxComparedLines
  return isTooLong ? [...all(a, "gone", start), ...all(b, "new", start)] : changes(a, b, start)
}

const all = (lines: ReadonlyArray<string>, kind: ChangedLine["kind"], start: number): ReadonlyArray<ChangedLine> =>
  lines.map((text, i) => ({ kind, line: start + i + 1, text }))

const changes = (a: ReadonlyArray<string>, b: ReadonlyArray<string>, start: number): ReadonlyArray<ChangedLine> => {
  const width = b.length + 1
  // By position: how many lines the rests of both texts have in common.
  const common = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const at = i * width + j
      common[at] = a[i] === b[j] ? common[at + width + 1]! + 1 : Math.max(common[at + width]!, common[at + 1]!)
    }
  }
  const found: Array<ChangedLine> = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const isShared = i < a.length && j < b.length && a[i] === b[j]
    const isGone = i < a.length && (j === b.length || common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    if (isShared) {
      i++
      j++
    } else if (isGone) found.push({ kind: "gone", line: start + i + 1, text: a[i++]! })
    else found.push({ kind: "new", line: start + j + 1, text: b[j++]! })
  }
  return found
}
