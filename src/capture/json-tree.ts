/**
 * JSON tree: a JSON text as a tree whose leaves are the text that they are, for comparing: to a parser 1.10 and 1.1, or two
 * large integers, are the same number.
 */
import { jsonTokens } from "./json-layout.ts"

export type JsonTree =
  | { readonly kind: "leaf"; readonly text: string }
  | { readonly kind: "object"; readonly members: ReadonlyMap<string, JsonTree> }
  | { readonly kind: "array"; readonly elements: ReadonlyArray<JsonTree> }

/** Deeper nesting gives no tree. */
export const maxTreeDepth = 256

/** The tree of a text that is JSON. Of two members of one name the last counts, as for a parser. */
export const jsonTree = (text: string): JsonTree | undefined => {
  const tokens = jsonTokens(text)
  return tokens === undefined ? undefined : new TreeReader(tokens).read(0)
}

class TreeReader {
  private readonly tokens: ReadonlyArray<string>
  private at = 0

  constructor(tokens: ReadonlyArray<string>) {
    this.tokens = tokens
  }

  /** The value that begins here; undefined for one nested too deep. The tokens are those of valid JSON. */
  read(depth: number): JsonTree | undefined {
    if (depth > maxTreeDepth) return undefined
    const token = this.tokens[this.at++]!
    if (token === "[") return this.array(depth)
    return token === "{" ? this.object(depth) : { kind: "leaf", text: token }
  }

  private array(depth: number): JsonTree | undefined {
    const elements: Array<JsonTree> = []
    while (!this.skip("]")) {
      const element = this.read(depth + 1)
      if (element === undefined) return undefined
      elements.push(element)
      this.skip(",")
    }
    return { kind: "array", elements }
  }

  private object(depth: number): JsonTree | undefined {
    const members = new Map<string, JsonTree>()
    while (!this.skip("}")) {
      const name: unknown = JSON.parse(this.tokens[this.at++]!)
      this.skip(":")
      const member = this.read(depth + 1)
      if (member === undefined) return undefined
      members.set(String(name), member)
      this.skip(",")
    }
    return { kind: "object", members }
  }

  private skip(mark: string): boolean {
    if (this.tokens[this.at] !== mark) return false
    this.at++
    return true
  }
}

/** The tree as JSON in one line. */
export const treeText = (tree: JsonTree): string => {
  if (tree.kind === "leaf") return tree.text
  if (tree.kind === "array") return `[${tree.elements.map(treeText).join(",")}]`
  return `{${[...tree.members].map(([name, member]) => `${JSON.stringify(name)}:${treeText(member)}`).join(",")}}`
}

/** The path of a member as JSONPath writes it (RFC 9535 section 2.3): `$.a`, or `$["a b"]`. */
export const memberPath = (path: string, name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`
