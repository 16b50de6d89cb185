/**
 * Top keys: what a key press changes in the view of `pillion top`. Pure.
 */
import { parseFilter } from "../../observe/filter/entry-filter.ts"
import { maxFilter } from "../../observe/filter/parse.ts"
import { isProblem } from "../../observe/filter/problem.ts"
import { sortKeys } from "./top-model.ts"
import type { View } from "./top-screen.ts"

const escape = "\x1b"
const interrupt = "\x03"
const endOfInput = "\x04"
const backspace: ReadonlySet<string> = new Set(["\x7f", "\b"])
const eraseLine = "\x15"

/** `input` is what the terminal sent at once: one key, or several of a hand that is fast. */
export const press = (view: View, input: string): View | "quit" => {
  // Arrows and other keys that are more than one character.
  const keys = input.match(/\x1b(\[[0-9;]*[ -/]*[@-~]|O.)|[^]/gu) ?? []
  let now = view
  for (const key of keys) {
    if (key === interrupt || key === endOfInput) return "quit"
    const after = now.typing === undefined ? command(now, key) : type(now, now.typing, key)
    if (after === "quit") return "quit"
    now = after
  }
  return now
}

const command = (view: View, key: string): View | "quit" => {
  switch (key) {
    case "q":
    case "Q":
      return "quit"
    case "s":
    case ">":
    case "\x1b[C":
      return sorted(view, 1)
    case "S":
    case "<":
    case "\x1b[D":
      return sorted(view, -1)
    case "p":
    case " ":
      return { ...view, paused: !view.paused }
    case "/":
      return { ...view, typing: view.filterText, problem: undefined }
    case escape:
      return { ...view, filter: () => true, filterText: "", problem: undefined }
    default:
      return view
  }
}

const sorted = (view: View, by: number): View => {
  const at = (sortKeys.indexOf(view.sort) + by + sortKeys.length) % sortKeys.length
  return { ...view, sort: sortKeys[at] ?? "flows" }
}

const type = (view: View, typing: string, key: string): View => {
  if (key === "\r" || key === "\n") return apply(view, typing)
  if (key === escape) return { ...view, typing: undefined }
  if (key === eraseLine) return { ...view, typing: "" }
  if (backspace.has(key)) return { ...view, typing: typing.slice(0, -1) }
  const printable = /^[ -~]$/.test(key) && typing.length < maxFilter
  return printable ? { ...view, typing: typing + key } : view
}

const apply = (view: View, text: string): View => {
  const filter = parseFilter(text)
  if (isProblem(filter)) return { ...view, typing: undefined, problem: `the filter ${filter.problem}` }
  return { ...view, typing: undefined, filter: filter.matches, filterText: text.trim(), problem: undefined }
}
