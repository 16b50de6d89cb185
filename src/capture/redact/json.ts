/**
 * JSON: finds the secrets of a JSON text, by the names of members, by place, and by shape in every string.
 */
import { JsonTokens, Token } from "./json-tokens.ts"
import { CannotJudge, hides, type Scan, type Verdict, type Where } from "./scan.ts"
import { scanText, type ScanValue } from "./text.ts"
import { decodeJsonString, pieceOf, type View } from "./views.ts"

/** Put before JSON, so that no page can run it as a script. */
const guard = /^\s*\)\]\}',?[^\n]*\n/

/** Whether a text of no known type is JSON: an object or an array, as far as it goes. */
const isJson = (text: string): boolean => {
  if (!/^\s*[{[]/.test(text)) return false
  const tokens = new JsonTokens(text)
  while (tokens.next() > Token.broken);
  return tokens.kind === Token.end
}

/** Looks at a value of no known type: JSON if it is JSON, else text. */
export const scanValue: ScanValue = (scan, view, where) => {
  if (where.verdict === "keep") return
  scan.time.check()
  if (isJson(view.text)) walk(scan, view, { ...where, part: "json", path: [] }, true)
  else scanText(scan, view, where)
}

/** Looks at a text that is said to be JSON, one value or several. Throws CannotJudge where it is none. */
export const scanJson = (scan: Scan, view: View, where: Where): void => walk(scan, view, where, true)

/** The members and elements under way. */
class Position {
  /** By depth: what holds for all of an object or an array. */
  private readonly inherited: Array<Verdict>
  /** By depth: the next element's number; undefined in an object. */
  private readonly counts: Array<number | undefined> = [undefined]
  readonly path: Array<string | number>
  private readonly base: number
  private keyed: Verdict = "open"
  private readonly scan: Scan
  private readonly where: Where

  constructor(scan: Scan, where: Where) {
    this.scan = scan
    this.where = where
    this.path = [...where.path]
    this.base = where.path.length
    this.inherited = [where.verdict]
  }

  /** A member's name was read, in an object at `depth`. */
  key(name: string, depth: number): void {
    this.path.length = this.base + depth
    this.path[this.base + depth - 1] = name
    this.keyed = this.scan.judge(this.where, this.path, this.inherited[depth])
  }

  /** A value begins, in an object or an array at `depth`; 0 is outside of all. */
  value(depth: number): Verdict {
    const inherited = this.inherited[depth] ?? "open"
    if (depth === 0) {
      this.path.length = this.base
      return inherited
    }
    const count = this.counts[depth]
    if (count === undefined) return this.keyed
    this.counts[depth] = count + 1
    this.path.length = this.base + depth
    this.path[this.base + depth - 1] = count
    return this.scan.judge(this.where, this.path, inherited)
  }

  /** An object or an array begins, which is itself at `depth`. */
  open(depth: number, isObject: boolean): void {
    this.inherited[depth] = this.value(depth - 1)
    this.counts[depth] = isObject ? undefined : 0
  }
}

/** No shape is shorter that a number can have. */
const minNumber = 7

/** Walks through all tokens. `mayNest`: strings may hold JSON themselves. */
const walk = (scan: Scan, view: View, where: Where, mayNest: boolean): void => {
  const tokens = new JsonTokens(view.text, guard.exec(view.text)?.[0].length ?? 0)
  const position = new Position(scan, where)
  // One for all values: its path goes on with the position.
  const here: Where = { ...where, path: position.path, verdict: "open" }
  for (let kind = tokens.next(); kind !== Token.end; kind = tokens.next()) {
    switch (kind) {
      case Token.broken:
        throw new CannotJudge("the text is not JSON")
      case Token.objectStart:
      case Token.arrayStart:
        position.open(tokens.depth, kind === Token.objectStart)
        break
      case Token.key: {
        const name = insideOf(view, tokens)
        position.key(name.text, tokens.depth)
        scanText(scan, name, here)
        break
      }
      case Token.string:
        scanString(scan, insideOf(view, tokens), here, position.value(tokens.depth), mayNest)
        break
      case Token.number:
        scanNumber(scan, pieceOf(view, tokens.start, tokens.end), here, position.value(tokens.depth))
        break
      case Token.literal:
        // true, false and null say nothing; they count as elements.
        position.value(tokens.depth)
        break
    }
  }
}

/** A string without its quotes; the closing one is missing where the text is cut. */
const insideOf = (view: View, { start, end, cut, escaped }: JsonTokens): View => {
  const inside = pieceOf(view, start + 1, cut ? end : end - 1)
  return escaped ? decodeJsonString(inside) : inside
}

const scanString = (scan: Scan, value: View, here: Where, verdict: Verdict, mayNest: boolean): void => {
  if (hides(verdict)) scan.hide(value, 0, value.text.length, verdict, here)
  else if (verdict === "open" && mayNest && isJson(value.text)) walk(scan, value, here, false)
  else if (verdict === "open") scanText(scan, value, here)
}

const scanNumber = (scan: Scan, value: View, here: Where, verdict: Verdict): void => {
  if (hides(verdict)) scan.hide(value, 0, value.text.length, verdict, here)
  else if (verdict === "open" && value.text.length >= minNumber) scanText(scan, value, here)
}
