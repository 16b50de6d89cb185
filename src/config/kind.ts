/**
 * Kind: how one kind of value is read from text and shown again. A kind never knows which option it serves or where
 * the text came from; whoever asks puts both in front of its problem.
 */
import * as Result from "effect/Result"
import { quote } from "./error.ts"

/** A value as JSON and YAML show it. */
export type Shown = string | number | boolean | null | ReadonlyArray<string>

/** The end of a sentence that starts with a text: what is wrong with that, and what to write instead. */
export type Problem = string

/** U+FFFD, which the runtime puts where bytes are not UTF-8. */
export const notUtf8 = "\uFFFD"

export interface Kind<A> {
  /** The word that help writes after the flag. */
  readonly placeholder: string
  /** `one`: a single value. `list`: commas, YAML arrays, and flags that add up. `switch`: a bare flag means true. */
  readonly shape: "one" | "list" | "switch"
  /** Takes text without spaces at its ends. */
  readonly decode: (text: string) => Result.Result<A, Problem>
  /** The inverse: `decode` of what is shown gives the value again. */
  readonly show: (value: A) => Shown
}

/** Comma separated items of one kind; no text is the empty list, and empty items are skipped. */
export const list = <A>(item: Kind<A>): Kind<ReadonlyArray<A>> => ({
  placeholder: item.placeholder,
  shape: "list",
  decode: (text) => {
    const values: Array<A> = []
    for (const part of text.split(",").map((piece) => piece.trim())) {
      if (part === "") continue
      const decoded = item.decode(part)
      if (Result.isFailure(decoded)) {
        return Result.fail(part === text ? decoded.failure : `holds ${quote(part)}, which ${decoded.failure}`)
      }
      values.push(decoded.success)
    }
    return Result.succeed(values)
  },
  show: (values) => values.map((value) => String(item.show(value))),
})

/** A path or other text that is taken as it is. */
export const text = (placeholder: string): Kind<string | undefined> => ({
  placeholder,
  shape: "one",
  decode: (value) => (value === "" ? Result.fail("is empty: write a path") : Result.succeed(value)),
  show: (value) => value ?? null,
})
