/**
 * Content: how a recorded body is shown: as a tree, a table, text or bytes, and what of it is not there.
 */
import { contentOf } from "../../../capture/body.ts"
import { compactJson, layOutJson } from "../../../capture/json-layout.ts"
import { type JsonTree, jsonTree, treeText } from "../../../capture/json-tree.ts"
import { essenceOf, isForm, isJson } from "../../../capture/media-type.ts"
import type { RecordedBody } from "../../../capture/record.ts"
import { sizeText, visible } from "../../../capture/text.ts"
import { pairsOf } from "../../../capture/url.ts"

export type Content =
  | { readonly _tag: "Nothing" }
  /** `text` is the tree laid out, for who searches in it. */
  | { readonly _tag: "Json"; readonly tree: JsonTree; readonly text: string }
  | { readonly _tag: "Pairs"; readonly pairs: ReadonlyArray<readonly [name: string, value: string]> }
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Bytes"; readonly bytes: Uint8Array }

/** How a body is shown. Text holds nothing that hides or reorders it. */
export const contentFor = ({ text, base64, type }: Pick<RecordedBody, "text" | "base64" | "type">): Content => {
  if (text === undefined) {
    return base64 === undefined || base64 === ""
      ? { _tag: "Nothing" }
      : { _tag: "Bytes", bytes: Uint8Array.fromBase64(base64) }
  }
  if (text === "") return { _tag: "Nothing" }
  if (isForm(type)) return { _tag: "Pairs", pairs: pairsOf(text) }
  return (isJson(type) || type === "" ? jsonContent(text) : undefined) ?? { _tag: "Text", text: shown(text) }
}

const shown = (text: string): string => visible(text.replaceAll("\r\n", "\n"))

/** Undefined for what is no JSON. A text that its tree does not hold as it stands, as one with two members of a name, is laid out. */
const jsonContent = (text: string): Content | undefined => {
  const laidOut = layOutJson(text)
  if (laidOut === undefined) return undefined
  const tree = jsonTree(text)
  return tree === undefined || tree.kind === "leaf" || treeText(tree) !== compactJson(text)
    ? { _tag: "Text", text: shown(laidOut) }
    : { _tag: "Json", tree, text: shown(laidOut) }
}

/** What is to be said of a body beside what is shown of it. */
export const notesOn = (body: RecordedBody): ReadonlyArray<string> => {
  const { size, wire, coding = [], omitted, truncated } = body
  if (omitted !== undefined) return [`${sizeText(size)}, not in the record: ${omissions[omitted]}`]
  const kept = contentOf(body)?.length ?? 0
  return [
    sizeText(size),
    ...(coding.length > 0 ? [`${coding.join(", ")} of ${sizeText(wire)} taken away`] : []),
    ...(truncated === true ? [kept < size ? `cut at ${sizeText(kept)} of ${sizeText(size)}` : "cut"] : []),
  ]
}

const omissions: { readonly [R in NonNullable<RecordedBody["omitted"]>]: string } = {
  off: "bodies are not kept",
  coding: "its content coding could not be taken away",
  redaction: "it could not be searched for secrets",
  budget: "there was no memory for it",
  binary: "large files of this type are left out",
}

/** The raster images that every browser draws and that hold no script. */
const images: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"])

/** A whole image as an address that holds it; undefined for anything else. */
export const imageOf = ({ base64, type, truncated }: RecordedBody): string | undefined => {
  const essence = essenceOf(type)
  if (base64 === undefined || base64 === "" || truncated === true || !images.has(essence)) return undefined
  return `data:${essence};base64,${base64}`
}

/** Members of one container that are shown until somebody asks for more. */
export const maxMembers = 100

/** Lines of JSON that are shown unfolded, where the tree has more. */
export const maxUnfolded = 300

/** The containers that are shown unfolded at first: the outermost first, as long as there is room. */
export const unfolded = (tree: JsonTree, room = maxUnfolded): ReadonlySet<JsonTree> => {
  const found = new Set<JsonTree>()
  let level: ReadonlyArray<JsonTree> = [tree]
  let lines = 0
  while (level.length > 0) {
    const next: Array<JsonTree> = []
    for (const each of level) {
      const members = membersOf(each)
      if (found.size > 0 && lines + Math.min(members.length, maxMembers) > room) return found
      lines += Math.min(members.length, maxMembers)
      if (members.length > 0) found.add(each)
      next.push(...members.map(([, member]) => member).filter(({ kind }) => kind !== "leaf"))
    }
    level = next
  }
  return found
}

/** What a container holds, by name or index; nothing for a leaf. */
export const membersOf = (tree: JsonTree): ReadonlyArray<readonly [name: string, member: JsonTree]> => {
  if (tree.kind === "leaf") return []
  return tree.kind === "object" ? [...tree.members] : tree.elements.map((each, i) => [String(i), each])
}
