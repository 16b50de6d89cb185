/**
 * Parse: the text of a filter → its expression.
 *
 *     filter   = [ either ]
 *     either   = all *( "or" all )
 *     all      = operand *( [ "and" ] operand )
 *     operand  = ( "not" / "-" ) operand / "(" either ")" / term / fact / word
 *     term     = field ( ":" / "=" / "!=" / "~" / "!~" / "<" / "<=" / ">" / ">=" ) value
 *
 * Values and words stand in `"..."` or `'...'` where they hold spaces or parentheses, or mean something by themselves.
 */
import type { Expression } from "./expression.ts"
import { type FilterProblem, isProblem, problemAt, shown } from "./problem.ts"
import { testOf } from "./terms.ts"
import { type TermToken, type Token, tokenize } from "./tokens.ts"
import { keywords, type Vocabulary } from "./vocabulary.ts"

/** Characters of a filter, words and terms in it, and parentheses and negations around one of them; more is a mistake. */
export const maxFilter = 500
export const maxTerms = 50
export const maxDepth = 20

/** No text lets everything through. */
export const parse = <E>(text: string, vocabulary: Vocabulary<E>): Expression | FilterProblem => {
  if (text.length > maxFilter) {
    return { _tag: "Problem", problem: `is longer than ${maxFilter} characters`, at: maxFilter }
  }
  const tokens = tokenize(text)
  if ("_tag" in tokens) return tokens
  if (tokens.length === 0) return { _tag: "Everything" }
  const parser = new Parser(tokens, vocabulary)
  const expression = parser.either(0)
  return isProblem(expression) ? expression : (parser.leftOver() ?? expression)
}

type Keyword = "and" | "or" | "not"

const keywordOf = (token: Token | undefined): Keyword | undefined => {
  if (token?._tag !== "Word" || token.quoted) return undefined
  const word = token.text.toLowerCase()
  return keywords.has(word) ? (word as Keyword) : undefined
}

/** Reads tokens from left to right, each once. `depth` counts what stands around. */
class Parser<E> {
  private next = 0
  private terms = 0
  private readonly tokens: ReadonlyArray<Token>
  private readonly vocabulary: Vocabulary<E>

  constructor(tokens: ReadonlyArray<Token>, vocabulary: Vocabulary<E>) {
    this.tokens = tokens
    this.vocabulary = vocabulary
  }

  either(depth: number): Expression | FilterProblem {
    const parts: Array<Expression> = []
    do {
      const part = this.all(depth)
      if (isProblem(part)) return part
      parts.push(part)
    } while (this.takes("or"))
    return parts.length === 1 ? parts[0]! : { _tag: "Or", parts }
  }

  /** A parenthesis that closes what was never opened. */
  leftOver(): FilterProblem | undefined {
    const token = this.tokens[this.next]
    return token === undefined ? undefined : problemAt(token.at, "closes a parenthesis", " that was never opened")
  }

  private all(depth: number): Expression | FilterProblem {
    const parts: Array<Expression> = []
    do {
      const part = this.operand(depth)
      if (isProblem(part)) return part
      parts.push(part)
    } while (this.takes("and") || this.begins())
    return parts.length === 1 ? parts[0]! : { _tag: "And", parts }
  }

  private operand(depth: number): Expression | FilterProblem {
    const token = this.tokens[this.next]
    const keyword = keywordOf(token)
    if (token === undefined || token._tag === "Close" || keyword === "and" || keyword === "or") return this.missing()
    if (depth >= maxDepth) return problemAt(token.at, `goes deeper than ${maxDepth} parentheses and negations`)
    this.next++
    if (token._tag === "Open") return this.group(token, depth)
    if (token._tag === "Minus" || keyword === "not") {
      const part = this.operand(depth + 1)
      return isProblem(part) ? part : { _tag: "Not", part }
    }
    if (++this.terms > maxTerms) return problemAt(token.at, `has more than ${maxTerms} words and terms`)
    return token._tag === "Term" ? this.term(token) : this.word(token)
  }

  private group(open: Token, depth: number): Expression | FilterProblem {
    const inner = this.either(depth + 1)
    if (isProblem(inner)) return inner
    if (this.tokens[this.next]?._tag !== "Close") return neverClosed(open)
    this.next++
    return inner
  }

  private word({ at, text, quoted }: Extract<Token, { readonly _tag: "Word" }>): Expression | FilterProblem {
    const name = this.vocabulary.canonical(text)
    if (quoted || !this.vocabulary.reserves(text)) return { _tag: "Word", text }
    if (this.vocabulary.fact(name) !== undefined) return { _tag: "Fact", name }
    // Most often the shell has taken what followed: it writes a folder for `~`, and opens a file for `<` and `>`.
    return problemAt(
      at,
      `holds ${shown(text)} without a value`,
      `: write for example ${name}:${this.vocabulary.field(name)?.kind === "number" ? "100.." : "TEXT"}, or with ` +
        `another operator the whole filter in quotes${asWord(text)}`,
    )
  }

  private term({ at, name: written, operator, value, valueAt, word }: TermToken): Expression | FilterProblem {
    const name = this.vocabulary.canonical(written)
    const field = this.vocabulary.field(name)
    if (field === undefined) {
      // A destination with its port, unless it is a field that was mistyped.
      const isDestination = word !== undefined && /^\d+(\/|$)/.test(value)
      const known = this.vocabulary.reserves(written) || this.vocabulary.nearest(name) !== undefined
      return isDestination && !known ? { _tag: "Word", text: word } : this.noField(at, name, written, word)
    }
    const test = testOf(name, field, operator, value)
    if (typeof test !== "function") return problemAt(valueAt, test.what, test.instead)
    return { _tag: "Term", field: name, operator, value }
  }

  private noField(at: number, name: string, written: string, word: string | undefined): FilterProblem {
    const { vocabulary } = this
    if (vocabulary.fact(name) !== undefined) {
      return problemAt(at, `gives ${shown(written)} a value`, `: write ${name}, or not ${name}`)
    }
    if (vocabulary.isFamily(name)) {
      return problemAt(at, `asks for ${shown(written)} without a name`, `: write ${name}.NAME`)
    }
    const near = vocabulary.nearest(name)
    const instead = near === undefined ? `: write one of ${vocabulary.names.join(", ")}` : `; did you mean ${near}?`
    return problemAt(at, `asks for ${shown(written)}`, instead + asWord(word))
  }

  /** Says what is wrong where a word, a term or a parenthesis should be. */
  private missing(): FilterProblem {
    const [before, token] = [this.tokens[this.next - 1], this.tokens[this.next]]
    if (before?._tag === "Open") {
      if (token === undefined) return neverClosed(before)
      if (token._tag === "Close") return problemAt(before.at, "has nothing between the parentheses")
    }
    if (before !== undefined && before._tag !== "Open") {
      const word = before._tag === "Word" ? before.text : undefined
      return problemAt(before.at, `has nothing behind ${shown(word ?? "-")}`, asWord(word))
    }
    const word = token?._tag === "Word" ? token.text : undefined
    if (word === undefined) return problemAt(token?.at ?? 0, "closes a parenthesis", " that was never opened")
    return problemAt(token?.at ?? 0, `has nothing before ${shown(word)}`, asWord(word))
  }

  private takes(keyword: Keyword): boolean {
    if (keywordOf(this.tokens[this.next]) !== keyword) return false
    this.next++
    return true
  }

  /** Whether another operand begins here. */
  private begins(): boolean {
    const token = this.tokens[this.next]
    return token !== undefined && token._tag !== "Close" && keywordOf(token) !== "or"
  }
}

const neverClosed = (open: Token): FilterProblem => problemAt(open.at, "opens a parenthesis", " that is never closed")

/** How to write what means something else as a word that is looked for; a shell takes one pair of quotes away. */
const asWord = (word: string | undefined): string =>
  word === undefined ? "" : `; as a word to look for write "${word}", in a shell '"${word}"'`
