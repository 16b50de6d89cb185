/** JSON value: what stands at a place of a JSON text, as text. Numbers stay as they were written. */
import { type JsonTree, jsonTree, treeText } from "../json-tree.ts"

/**
 * The text at `path`: `a.b`, `items[0].id` or `items.0.id`. A string without its quotes, an object
 * or array as JSON in one line. Undefined where there is no JSON, or nothing at that place.
 */
export const jsonValue = (text: string | undefined, path: string): string | undefined => {
  let tree = text === undefined ? undefined : jsonTree(text)
  for (const name of namesOf(path)) tree = tree === undefined ? undefined : childOf(tree, name)
  if (tree === undefined) return undefined
  return tree.kind === "leaf" && tree.text.startsWith('"') ? String(JSON.parse(tree.text)) : treeText(tree)
}

const namesOf = (path: string): ReadonlyArray<string> =>
  path
    .replaceAll(/\[(\d+)\]/g, ".$1")
    .split(".")
    .filter((name) => name !== "")

const childOf = (tree: JsonTree, name: string): JsonTree | undefined => {
  if (tree.kind === "object") return tree.members.get(name)
  return tree.kind === "array" && /^\d+$/.test(name) ? tree.elements[Number(name)] : undefined
}
