/**
 * Shapes: the one pass over a text that finds secrets by how they look.
 *
 * The pass is linear whatever the text holds: it goes from word to word, and what is looked at twice is bounded.
 */
import { AT_SIGN, COLON, HYPHEN, PLUS } from "../../../protocol/ascii.ts"
import { cardEnd, cutCardEnd } from "./cards.ts"
import { isAlphanumeric, JwtFinder, jwtStart, prefixedEnd, privateKeyEnd, type Prefix } from "./keys.ts"
import { addressEnd, ibanEnd, mailSpan, telephoneEnd } from "./personal.ts"
import { userinfoSpans } from "./urls.ts"
import { isDigit } from "./digits.ts"
import type { ShapeName } from "./shape-table.ts"

const prefix = (name: ShapeName, text: string, min: number, dots = false): Prefix<ShapeName> => ({
  name,
  text,
  min,
  dots,
})

/** Beginnings of keys, and how many characters stand behind at least. */
export const prefixes: ReadonlyArray<Prefix<ShapeName>> = [
  ...["AKIA", "ASIA", "ABIA", "ACCA"].map((text) => prefix("aws", text, 16)),
  ...["ghp_", "gho_", "ghu_", "ghs_", "ghr_"].map((text) => prefix("github", text, 30, true)),
  prefix("github", "github_pat_", 22),
  ..."glpat- gldt- glrt- glcbt- glptt- glft- glimt- glagent- gloas- glsoat-"
    .split(" ")
    .map((text) => prefix("gitlab", text, 20, true)),
  ..."xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxc- xoxd- xoxe- xoxe. xapp-"
    .split(" ")
    .map((text) => prefix("slack", text, 10, true)),
  ..."sk_live_ sk_test_ rk_live_ rk_test_ whsec_".split(" ").map((text) => prefix("stripe", text, 10)),
  prefix("google", "AIza", 35),
  prefix("google", "ya29.", 20, true),
  prefix("google", "GOCSPX-", 20),
]

/** A number for the first two characters of what begins at `at`, of which few words have those of a prefix. */
const beginning = (text: string, at: number): number => text.charCodeAt(at) * 0x10000 + text.charCodeAt(at + 1)

const none: ReadonlyArray<Prefix<ShapeName>> = []
const prefixesOf = new Map<number, ReadonlyArray<Prefix<ShapeName>>>()
for (const each of prefixes) {
  const code = beginning(each.text, 0)
  prefixesOf.set(code, [...(prefixesOf.get(code) ?? []), each])
}

/**
 * In a shorter text nothing is looked for: `a@b.cd` and `1.2.3.4` are the shortest that say something. Most names of
 * members are shorter. Where a text is cut the beginning of a key is as short.
 */
export const minText = 6

export type EnabledShapes = ReadonlySet<ShapeName>
export type OnShape = (start: number, end: number, name: ShapeName) => void

/**
 * Calls `found` for every secret of a text; two may overlap. Where the text was cut (`cut`) what might be the beginning of
 * one at its end counts as one.
 */
export const findShapes = (text: string, cut: boolean, enabled: EnabledShapes, found: OnShape): void => {
  const pass = new ShapePass(text, cut, enabled, found)
  for (let at = 0; at < text.length;) at = pass.step(at)
}

/** One pass over one text. */
class ShapePass {
  /** Made when one is looked for, which is seldom. */
  private jwts: JwtFinder | undefined
  private readonly text: string
  private readonly cut: boolean
  private readonly enabled: EnabledShapes
  private readonly found: OnShape

  constructor(text: string, cut: boolean, enabled: EnabledShapes, found: OnShape) {
    this.text = text
    this.cut = cut
    this.enabled = enabled
    this.found = found
  }

  /** Looks at what begins at `at`, which is no middle of a word; returns where to go on. */
  step(at: number): number {
    const code = this.text.charCodeAt(at)
    if (isAlphanumeric(code)) return this.word(at, code)
    switch (code) {
      case HYPHEN:
        return (this.has("private-key") && this.take("private-key", at, privateKeyEnd(this.text, at))) || at + 1
      case COLON:
        return this.address(at) || this.userinfo(at)
      case AT_SIGN:
        return this.mail(at)
      case PLUS:
        return this.telephone(at) || at + 1
      default:
        return at + 1
    }
  }

  private word(at: number, code: number): number {
    const special = (isDigit(code) ? this.number(at) : this.key(at)) || this.address(at)
    if (special > 0) return special
    let end = at + 1
    while (isAlphanumeric(this.text.charCodeAt(end))) end++
    return end
  }

  private number(at: number): number {
    if (!this.has("card")) return this.telephone(at)
    const end = cardEnd(this.text, at) ?? (this.cut ? cutCardEnd(this.text, at) : undefined)
    return this.take("card", at, end) || this.telephone(at)
  }

  private key(at: number): number {
    for (const each of prefixesOf.get(beginning(this.text, at)) ?? none) {
      if (this.text.startsWith(each.text, at) && this.has(each.name)) {
        return this.take(each.name, at, prefixedEnd(this.text, at, each, this.cut))
      }
    }
    const jwt = this.text.startsWith(jwtStart, at) && this.has("jwt") ? this.jwt(at) : 0
    return jwt || (this.has("iban") ? this.take("iban", at, ibanEnd(this.text, at)) : 0)
  }

  private jwt(at: number): number {
    this.jwts ??= new JwtFinder(this.text, this.cut)
    return this.take("jwt", at, this.jwts.end(at))
  }

  private telephone(at: number): number {
    return this.has("telephone") ? this.take("telephone", at, telephoneEnd(this.text, at)) : 0
  }

  private address(at: number): number {
    return this.has("ip") ? this.take("ip", at, addressEnd(this.text, at)) : 0
  }

  private userinfo(at: number): number {
    if (!this.has("url") || !this.text.startsWith("://", at)) return at + 1
    let end = at + 3
    for (const [from, to] of userinfoSpans(this.text, end, this.cut)) end = this.take("url", from, to)
    return end
  }

  private mail(at: number): number {
    const span = this.has("email") ? mailSpan(this.text, at) : undefined
    return span === undefined ? at + 1 : this.take("email", ...span)
  }

  private has(name: ShapeName): boolean {
    return this.enabled.has(name)
  }

  /** Reports a shape that was found; returns its end, and 0 where there is none. */
  private take(name: ShapeName, start: number, end: number | undefined): number {
    if (end === undefined) return 0
    this.found(start, end, name)
    return end
  }
}
