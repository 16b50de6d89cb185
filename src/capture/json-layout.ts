/**
 * JSON layout: white space between the tokens of a JSON text (RFC 8259), put there and taken away. The tokens stay the
 * text that they are: parsing and writing again would make other numbers of `1.10` and `12345678901234567890`.
 */

/** A container without containers in it that takes no more characters stands in one line. */
const maxInline = 48

/** Deeper nesting is not laid out: it could not be read, and its indentation would be longer than its content. */
export const maxLayoutDepth = 64

const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** The tokens of a text that is JSON; undefined for one that is not. */
export const jsonTokens = (text: string): ReadonlyArray<string> | undefined => {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  return text.match(token) ?? undefined
}

/** `text` without white space between its tokens; undefined where it is not JSON. */
export const compactJson = (text: string): string | undefined => jsonTokens(text)?.join("")

/**
 * `text` laid out over lines, two spaces a level; undefined where it is not JSON, or nested too deep. Whether taking
 * the layout away gives `text` again is to be seen by `compactJson`: it does where `text` has none of its own.
 */
export const layOutJson = (text: string): string | undefined => {
  const tokens = jsonTokens(text)
  return tokens === undefined ? undefined : new Layout(tokens).write()
}

class Layout {
  private readonly tokens: ReadonlyArray<string>
  private readonly parts: Array<string> = []
  private depth = 0
  private at = 0

  constructor(tokens: ReadonlyArray<string>) {
    this.tokens = tokens
  }

  write(): string | undefined {
    for (; this.at < this.tokens.length; this.at++) {
      const each = this.tokens[this.at]!
      if (each === "{" || each === "[") this.open(each)
      else if (each === "}" || each === "]") this.lineBreak(-1, each)
      else if (each === ",") this.lineBreak(0, "", ",")
      else this.parts.push(each === ":" ? ": " : each)
      if (this.depth > maxLayoutDepth) return undefined
    }
    return this.parts.join("")
  }

  private open(bracket: string): void {
    const inline = this.inline(bracket)
    if (inline === undefined) this.lineBreak(1, "", bracket)
    else this.parts.push(inline)
  }

  private lineBreak(deeper: number, after: string, before = ""): void {
    this.depth += deeper
    this.parts.push(before, "\n", "  ".repeat(this.depth), after)
  }

  /** The container that begins here in one line, if it holds none and is short; then its tokens are behind us. */
  private inline(bracket: string): string | undefined {
    const space = bracket === "{" ? " " : ""
    let line = ""
    for (let at = this.at + 1; at < this.tokens.length && line.length <= maxInline; at++) {
      const each = this.tokens[at]!
      if (each === "{" || each === "[") return undefined
      if (each === "}" || each === "]") {
        this.at = at
        return line === "" ? bracket + each : bracket + space + line + space + each
      }
      line += each === "," ? ", " : each === ":" ? ": " : each
    }
    return undefined
  }
}

/** What may come next in a JSON text. */
type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | ", or end"

const strictToken =
  /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-]))/y

/** Where a text stops being JSON, as an index; its length where it ends too early, or where it is JSON to its end. */
export const jsonFault = (text: string): number => {
  const open: Array<string> = []
  let expected: Expected = "value"
  let at = 0
  while (open.length > 0 || expected !== ", or end") {
    strictToken.lastIndex = at
    const match = strictToken.exec(text)
    const next: Expected | undefined = match === null ? undefined : after(expected, match, open)
    if (next === undefined) break
    expected = next
    at += match![0].length
  }
  return at + (/^[ \t\n\r]*/.exec(text.slice(at))?.[0].length ?? 0)
}

/** What is expected behind a token; undefined where the token was not. Opens and closes containers. */
const after = (expected: Expected, token: RegExpExecArray, open: Array<string>): Expected | undefined => {
  const [, mark, string] = token
  if (mark === undefined) {
    if (expected === "key" || expected === "key or }") return string === undefined ? undefined : "colon"
    return expected === "value" || expected === "value or ]" ? ", or end" : undefined
  }
  if (mark === ":") return expected === "colon" ? "value" : undefined
  if (mark === ",") {
    if (expected !== ", or end") return undefined
    return open.at(-1) === "{" ? "key" : "value"
  }
  if (mark === "{" || mark === "[") {
    if (expected !== "value" && expected !== "value or ]") return undefined
    open.push(mark)
    return mark === "{" ? "key or }" : "value or ]"
  }
  const mayClose = expected === ", or end" || expected === (mark === "}" ? "key or }" : "value or ]")
  return mayClose && open.pop() === (mark === "}" ? "{" : "[") ? ", or end" : undefined
}
