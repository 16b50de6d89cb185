/**
 * Vocabulary: what a filter can ask about. The language is the same everywhere; what is filtered brings its own fields.
 */
import { suggest } from "../../flow/suggest.ts"

/** One field, by the kind of its values. A getter returns undefined for what an entry does not have. */
export type Field<E> =
  | {
      /** Free text; `:` looks for a part of it. */
      readonly kind: "text"
      readonly get: (entry: E) => string | undefined
      /** What `=` means, where it is not the same text; both are in lower case. */
      readonly same?: (text: string, wanted: string) => boolean
    }
  | {
      /** A word out of few; `:` means the whole word. */
      readonly kind: "choice"
      readonly get: (entry: E) => string | undefined
      /** All words that there are, where they are known: another one is a mistake. */
      readonly values?: ReadonlyArray<string>
    }
  | {
      /** A number that is not negative; `:` takes ranges. */
      readonly kind: "number"
      readonly get: (entry: E) => number | undefined
      /** `5xx` is every number from 500 to 599. */
      readonly classes?: true
    }

export interface VocabularyParts<E> {
  /** By name, in lower case. */
  readonly fields: Readonly<Record<string, Field<E>>>
  /** Fields that have a name of their own behind a dot, as `header.NAME`; by what stands before the dot. */
  readonly families?: Readonly<Record<string, (name: string) => Field<E>>>
  /** Words that are true or false by themselves. */
  readonly facts: Readonly<Record<string, (entry: E) => boolean>>
  /** The texts in which a word without a field is looked for. */
  readonly texts: (entry: E) => ReadonlyArray<string | undefined>
}

/** Words of the language itself, in lower case. */
export const keywords: ReadonlySet<string> = new Set(["and", "or", "not"])

export class Vocabulary<E> {
  readonly texts: VocabularyParts<E>["texts"]
  private readonly fields: ReadonlyMap<string, Field<E>>
  private readonly families: ReadonlyMap<string, (name: string) => Field<E>>
  private readonly facts: ReadonlyMap<string, (entry: E) => boolean>

  constructor({ fields, families = {}, facts, texts }: VocabularyParts<E>) {
    this.fields = new Map(Object.entries(fields))
    this.families = new Map(Object.entries(families))
    this.facts = new Map(Object.entries(facts))
    this.texts = texts
  }

  /** Names that can be asked for; a family's with the place of its name. */
  get names(): ReadonlyArray<string> {
    return [...this.fields.keys(), ...[...this.families.keys()].map((family) => `${family}.NAME`)]
  }

  /** A field by its name as `canonical` returns it. */
  field(name: string): Field<E> | undefined {
    const dot = name.indexOf(".")
    if (dot < 0) return this.fields.get(name)
    return name.length > dot + 1 ? this.families.get(name.slice(0, dot))?.(name.slice(dot + 1)) : undefined
  }

  fact(name: string): ((entry: E) => boolean) | undefined {
    return this.facts.get(name)
  }

  isFamily(name: string): boolean {
    return this.families.has(name)
  }

  /** A name in lower case; what stands behind a family's dot is kept, for it may be a key of JSON. */
  canonical(name: string): string {
    const dot = name.indexOf(".")
    return dot < 0 ? name.toLowerCase() : name.slice(0, dot).toLowerCase() + name.slice(dot)
  }

  /** Whether a bare word would not be looked for, but means something. */
  reserves(word: string): boolean {
    const name = this.canonical(word)
    const known = this.field(name) !== undefined || this.isFamily(name) || this.facts.has(name)
    return known || keywords.has(name)
  }

  /** The field that a mistyped name most likely means. */
  nearest(name: string): string | undefined {
    return suggest(name, [...this.fields.keys(), ...this.families.keys()])
  }
}
