/**
 * Known secrets: values that were secret somewhere in a record are so everywhere in it, also where no name and no shape
 * says so: a password of a form that an answer repeats as text. What is too short, or a word like others, would be found
 * where it means nothing, and is replaced only where it was found to be secret.
 */
import { toLatin1 } from "../../protocol/bytes.ts"
import { applyEdits, type Edit, type Edited } from "./edits.ts"
import { isListedName } from "./names.ts"

/** Characters of a value that is looked for wherever it stands; with letters and something else, and without. */
export const minMixedSecret = 6
export const minPlainSecret = 8

/** Characters of a value that is secret only by what stands around it: below a name, or in a cookie of any name. */
export const minInheritedSecret = 16

/** From this length on a value is looked for within words, too: `id=VALUE2` is no other value. */
export const minWithinWords = 16

/** Values that are looked for: the first ones of a record, which its heads have. */
export const maxKnownSecrets = 500

/** In texts of this length and more it takes long to look for one value. */
const longText = 64 * 1024

/** A time limit. */
interface Pace {
  /** Counts a short text. */
  readonly check: () => void
  /** Asks the clock now. */
  readonly look: () => void
}

interface Needle {
  /** How it is written in the text. */
  readonly text: string
  readonly token: string
}

export class KnownSecrets {
  /** Some were found where nobody had said that they are secret. */
  wereFound = false
  private readonly tokens = new Map<string, string>()
  private needles: ReadonlyArray<Needle> | undefined = undefined

  /** Notes what stands for a value. `isNamed`: its own name or its shape says that it is secret, not what stands around it. */
  add(value: string, token: string, isNamed: boolean): void {
    if (this.tokens.size === maxKnownSecrets || !(isNamed ? isTelling(value) : isRandom(value))) return
    this.tokens.set(value, token)
  }

  /** Replaces them in a text, which stands at `path`. Throws what `time` throws when it is over. */
  replace(text: string, path: string, time: Pace): Edited {
    const edits: Array<Edit> = []
    const isLong = text.length >= longText
    if (!isLong) time.check()
    for (const { text: needle, token } of (this.needles ??= needlesOf(this.tokens))) {
      if (isLong) time.look()
      for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) {
        const end = at + needle.length
        if (needle.length >= minWithinWords || isWord(text, at, end))
          edits.push({ start: at, end, path, rule: "known", token })
      }
    }
    this.wereFound ||= edits.length > 0
    return applyEdits(text, edits)
  }

  get isEmpty(): boolean {
    return this.tokens.size === 0
  }
}

/** Whether a value is hardly anything else than this one. Names of secrets are said of others: `password` is no password. */
const isTelling = (value: string): boolean => {
  if (value.length < minMixedSecret || isListedName(value)) return false
  return value.length >= minPlainSecret || (/\p{L}/u.test(value) && /[^\p{L}\s]/u.test(value))
}

const isRandom = (value: string): boolean =>
  value.length >= minInheritedSecret && /\p{L}/u.test(value) && /\p{N}/u.test(value) && !/[\s/]/.test(value)

const isWord = (text: string, start: number, end: number): boolean =>
  !(isWordCharacter(text, start - 1) && isWordCharacter(text, start)) &&
  !(isWordCharacter(text, end) && isWordCharacter(text, end - 1))

const isWordCharacter = (text: string, at: number): boolean => /\w/.test(text.charAt(at))

/** Every value in every way that it may be written; the longest first, since one may hold another. */
const needlesOf = (tokens: ReadonlyMap<string, string>): ReadonlyArray<Needle> =>
  Array.from(tokens, ([value, token]) => writtenWays(value).map((text) => ({ text, token })))
    .flat()
    .toSorted((a, b) => b.text.length - a.text.length)

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

const writtenWays = (value: string): ReadonlyArray<string> => {
  const ways = new Set([value])
  if (/^[\w.~-]+$/.test(value)) return [value]
  ways.add(JSON.stringify(value).slice(1, -1))
  ways.add(value.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character))
  if (!value.isWellFormed()) return [...ways]
  const percent = encodeURIComponent(value)
  ways.add(percent)
  ways.add(percent.replaceAll("%20", "+"))
  // Where a text is bytes, one character each: heads, and what is no text.
  ways.add(toLatin1(new TextEncoder().encode(value)))
  return [...ways]
}
