/**
 * Marks: what stands out in a text that was recorded: values that were replaced, and what somebody searches for.
 */
import { minTokenLength } from "../../../capture/curl.ts"
import type { RedactedPlace } from "../../../capture/record.ts"

/** Part of a text. */
export interface Piece {
  readonly text: string
  /** Of a value that was replaced: by which rule, and where. */
  readonly redacted?: RedactedPlace
  /** It is what is searched for. */
  readonly isFound: boolean
}

/** Pieces of one text; what follows the last of them is one piece without marks. */
export const maxPieces = 2000

/** Splits texts of one record. */
export class Marks {
  private readonly tokens: ReadonlyMap<string, RedactedPlace>
  private readonly redacted: RegExp | undefined
  private readonly wanted: string

  /** `wanted` is searched for in any case; empty where nothing is. */
  constructor(redacted: ReadonlyArray<RedactedPlace>, wanted: string) {
    this.tokens = new Map(
      redacted.filter(({ token }) => token.length >= minTokenLength).map((place) => [place.token, place]),
    )
    // A longer token may hold a shorter one.
    const longestFirst = [...this.tokens.keys()].toSorted((a, b) => b.length - a.length)
    this.redacted = longestFirst.length === 0 ? undefined : new RegExp(longestFirst.map(literal).join("|"), "g")
    this.wanted = wanted.toLowerCase()
  }

  /** How often a text holds what is searched for, up to a bound. */
  count(text: string): number {
    return this.split(text).filter(({ isFound }) => isFound).length
  }

  /** The text in pieces: together they are what was given. */
  split(text: string): ReadonlyArray<Piece> {
    const pieces: Array<Piece> = []
    let at = 0
    const add = (end: number, redacted?: RedactedPlace): void => {
      if (end > at) this.search(text.slice(at, end), redacted, pieces)
      at = end
    }
    for (const match of this.redacted === undefined ? [] : text.matchAll(this.redacted)) {
      if (pieces.length >= maxPieces) break
      add(match.index)
      add(match.index + match[0].length, this.tokens.get(match[0]))
    }
    add(text.length)
    return pieces
  }

  private search(text: string, redacted: RedactedPlace | undefined, pieces: Array<Piece>): void {
    const { wanted } = this
    const own = redacted === undefined ? {} : { redacted }
    // Few letters have another length in lower case; where one is, places would not fit.
    const lower = text.toLowerCase()
    let at = 0
    if (wanted !== "" && lower.length === text.length) {
      for (let next = lower.indexOf(wanted); next >= 0; next = lower.indexOf(wanted, at)) {
        if (pieces.length >= maxPieces) break
        if (next > at) pieces.push({ text: text.slice(at, next), ...own, isFound: false })
        at = next + wanted.length
        pieces.push({ text: text.slice(next, at), ...own, isFound: true })
      }
    }
    if (at < text.length) pieces.push({ text: text.slice(at), ...own, isFound: false })
  }
}

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
