/**
 * Scan: the redaction of one text under way: which values are secret, what stands for them, how much time is left. Those
 * who know formats (`json.ts`, `xml.ts`, ...) walk through the text and ask here.
 */
import type { Edit } from "./edits.ts"
import { judgeName, judgeQueryName } from "./names.ts"
import { isAtPlace, pathParts, pathText, type Part, type Path, type Place, type Side } from "./places.ts"
import type { Rule } from "./rules.ts"
import type { ShapeName } from "./shapes/shape-table.ts"
import { findShapes } from "./shapes/shapes.ts"
import type { Tokens } from "./tokens.ts"
import { sourceOf, type View } from "./views.ts"

/**
 * How long one record may be looked at, in milliseconds: heads and then bodies; and, where values are known to be secret
 * elsewhere in it, heads once more.
 */
export const maxRedactionTime = 20

/** The clock is asked once for as many values. */
const valuesPerLook = 32

/** Thrown when the time is over, or where a text is not what its type says. Whoever asked for the scan drops the text. */
export class CannotJudge extends Error {
  override readonly name = "CannotJudge"
}

/** The time that one record has. Milliseconds from any beginning. */
export class TimeLimit {
  private readonly end: number
  private values = 0
  private isOver = false
  private readonly now: () => number

  constructor(now: () => number) {
    this.now = now
    this.end = now() + maxRedactionTime
  }

  /** Counts a value. Throws CannotJudge when the time is over. */
  check(): void {
    if (this.isOver || ++this.values % valuesPerLook === 0) this.look()
  }

  /** Asks the clock now: before and behind what takes long. */
  look(): void {
    this.isOver ||= this.now() > this.end
    if (this.isOver) throw new CannotJudge("redaction took too long")
  }
}

/** The time that is left for the parts of one record. */
export interface RecordTimes {
  readonly heads: TimeLimit
  readonly bodies: TimeLimit
}

/** The rules that concern one record. */
export interface ActiveRules {
  readonly hide: ReadonlyArray<Place>
  readonly keep: ReadonlyArray<Place>
  readonly shapes: ReadonlySet<ShapeName>
}

/**
 * What becomes of a value: `place` and `name` hide it and all below it, by that rule; `keep` leaves it alone; `open` looks
 * for shapes in it.
 */
export type Verdict = "place" | "name" | "keep" | "open"

export const hides = (verdict: Verdict): verdict is "place" | "name" => verdict === "place" || verdict === "name"

/** Where a value stands. `body`, `path` and `line` have texts without names. */
export interface Where {
  readonly side: Side
  readonly part: Part | "body" | "path" | "line"
  readonly path: Path
  /** What holds for all of it. */
  readonly verdict: Verdict
}

export class Scan {
  readonly edits: Array<Edit> = []
  private readonly rules: ActiveRules
  private readonly tokens: Tokens
  readonly time: TimeLimit

  constructor(rules: ActiveRules, tokens: Tokens, time: TimeLimit) {
    this.rules = rules
    this.tokens = tokens
    this.time = time
  }

  get shapes(): ReadonlySet<ShapeName> {
    return this.rules.shapes
  }

  /** Judges what stands at a path by rules and by the path's last name; below what is hidden all is, but for plain names. */
  judge(where: Where, path: Path = where.path, inherited: Verdict = where.verdict): Verdict {
    this.time.check()
    if (inherited === "place" || this.isListed(this.rules.hide, where, path)) return "place"
    if (inherited === "keep" || this.isListed(this.rules.keep, where, path)) return "keep"
    const name = path.at(-1)
    if (typeof name !== "string") return inherited
    const verdict = where.part === "query" ? judgeQueryName(name) : judgeName(name)
    return verdict === "secret" ? "name" : verdict === "plain" ? "open" : inherited
  }

  /** Replaces a span of a view. Nothing becomes of an empty one, and of what is a token already. */
  hide(view: View, start: number, end: number, rule: Rule, where: Where, path: Path = where.path): void {
    this.time.check()
    const value = view.text.slice(start, end)
    if (value === "" || this.tokens.isToken(value)) return
    const made = this.tokens.of(value)
    // A user before a password is no secret anywhere else.
    if (rule !== "url" || view.text.charAt(end) !== ":") this.know(value, made.token, rule, path)
    this.edits.push({
      start: sourceOf(view, start),
      end: sourceOf(view, end),
      path: this.withoutShapes(placeText(where, path)),
      rule,
      ...made,
    })
  }

  /** Has a value looked for in all of the record. */
  private know(value: string, token: string, rule: Rule, path: Path): void {
    const { secrets } = this.tokens
    const name = path.at(-1)
    const isNamed = rule !== "name" || (typeof name === "string" && judgeQueryName(name) === "secret")
    secrets.add(value, token, isNamed)
    const password = rule === "basic" ? passwordIn(value) : ""
    if (password !== "") secrets.add(password, this.tokens.of(password).token, true)
  }

  /** Names are the message's own, and one may hold what is secret. */
  private withoutShapes(path: string): string {
    let safe = path
    findShapes(path, true, this.rules.shapes, (start, end) => {
      safe = safe.replace(path.slice(start, end), "…")
    })
    return safe
  }

  private isListed(places: ReadonlyArray<Place>, { side, part }: Where, path: Path): boolean {
    if (places.length === 0) return false
    return places.some((place) => place.side === side && place.part === part && isAtPlace(place, path))
  }
}

/** Of the credentials of Basic (RFC 7617 section 2); empty where they are none. */
const passwordIn = (credentials: string): string => {
  try {
    const text = atob(credentials)
    const colon = text.indexOf(":")
    return colon < 0 ? "" : text.slice(colon + 1)
  } catch {
    return ""
  }
}

/** Longer names are cut: they are there to be read. */
const maxNameText = 200

/** A place as a rules file has it. */
const placeText = ({ side, part }: Where, path: Path): string => {
  if (pathParts.some((each) => each === part)) return `${side}.${part}.${pathText(path)}`
  const name = path.join(".")
  if (name === "") return `${side}.${part}`
  return `${side}.${part}.${name.length > maxNameText ? `${name.slice(0, maxNameText)}…` : name}`
}
