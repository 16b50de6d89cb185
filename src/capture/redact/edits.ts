/**
 * Edits: what shall stand where in a text, collected in any order and applied at once.
 */
import type { JwtHint } from "./jwt.ts"

/** A place whose value was replaced, and what stands there now. The value itself is nowhere. */
export interface Redaction {
  /** Where: `request.headers.authorization`, `response.json.$.card`. */
  readonly path: string
  readonly rule: string
  readonly token: string
  readonly hint?: JwtHint | undefined
}

export interface Edit extends Redaction {
  /** The span of the text that the token replaces. */
  readonly start: number
  readonly end: number
}

export interface Edited {
  readonly text: string
  /** What was replaced, in the order of the text. */
  readonly redactions: ReadonlyArray<Redaction>
}

/** The most entries of a record's list of what was replaced. All is replaced, listed or not. */
export const maxRedactions = 1_000

/** What was replaced in a record, as far as its list has room. */
export class RedactionList {
  private readonly redactions: Array<Redaction> = []

  add(redactions: ReadonlyArray<Redaction>): void {
    for (const each of redactions) if (this.redactions.length < maxRedactions) this.redactions.push(each)
  }

  /** What could not be judged, and is not there any more. */
  addError(path: string): void {
    this.add([{ path, rule: "error", token: "" }])
  }

  /** With what was replaced before, which comes first. */
  after(before: ReadonlyArray<Redaction>): ReadonlyArray<Redaction> {
    return [...before, ...this.redactions].slice(0, maxRedactions)
  }
}

/**
 * Applies edits. Of those that overlap the first one stands, the longer of two that begin together, and takes in what the
 * others reach beyond: nothing that anybody wanted replaced is left over.
 */
export const applyEdits = (text: string, edits: ReadonlyArray<Edit>): Edited => {
  if (edits.length === 0) return { text, redactions: [] }
  const parts: Array<string> = []
  const redactions: Array<Redaction> = []
  let copied = 0
  for (const { start, end, path, rule, token, hint } of edits.toSorted(inOrder)) {
    if (start >= copied) {
      parts.push(text.slice(copied, start), token)
      redactions.push(hint === undefined ? { path, rule, token } : { path, rule, token, hint })
    }
    copied = Math.max(copied, end)
  }
  parts.push(text.slice(copied))
  return { text: parts.join(""), redactions }
}

const inOrder = (a: Edit, b: Edit): number => a.start - b.start || b.end - a.end
