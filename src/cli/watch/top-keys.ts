/**
 * Top keys: what a key press changes in the view of `pillion top`. Pure.
 */
import { parseFilter } from "../../observe/filter/entry-filter.ts"
import { maxFilter } from "../../observe/filter/parse.ts"
import { isProblem } from "../../observe/filter/problem.ts"
import { sortKeys } from "./top-destinations.ts"
import type { Seen, View } from "./top-view.ts"

const escape = "\x1b"
const interrupt = "\x03"
const endOfInput = "\x04"
const backspace: ReadonlySet<string> = new Set(["\x7f", "\b"])
const eraseLine = "\x15"

/** `input` is what the terminal sent at once: one key, or several of a hand that is fast. `seen` is what it meets. */
export const press = (view: View, input: string, seen: Seen): View | "quit" => {
  // Arrows and other keys that are more than one character.
  const keys = input.match(/\x1b(\[[0-9;]*[ -/]*[@-~]|O.)|[^]/gu) ?? []
  let now = view
  for (const key of keys) {
    if (key === interrupt || key === endOfInput) return "quit"
    const after =
      now.typing === undefined ? command({ ...now, problem: undefined }, key, seen) : type(now, now.typing, key)
    if (after === "quit") return "quit"
    now = after
  }
  return now
}

const command = (view: View, key: string, seen: Seen): View | "quit" => {
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
    case "t":
      return view.opened === undefined
        ? { ...view, list: view.list === "requests" ? "destinations" : "requests", scroll: 0 }
        : view
    case "/":
      return { ...view, typing: view.filterText, problem: undefined }
    case "\r":
    case "\n":
      return open(view, seen)
    case escape:
      return back(view)
    default:
      return moved(view, steps[key]?.(seen.page) ?? 0, seen)
  }
}

/** How far a key moves the cursor, or the text, in lines; from how many are in sight. */
const steps: { readonly [key: string]: (page: number) => number } = {
  "\x1b[A": () => -1,
  "\x1bOA": () => -1,
  k: () => -1,
  "\x1b[B": () => 1,
  "\x1bOB": () => 1,
  j: () => 1,
  "\x1b[5~": (page) => -page,
  "\x1b[6~": (page) => page,
  "\x1b[H": () => Number.NEGATIVE_INFINITY,
  "\x1b[F": () => Number.POSITIVE_INFINITY,
}

const isList = ({ opened, list }: View): boolean => opened === undefined && list === "destinations"

const moved = (view: View, by: number, { keys, maxScroll }: Seen): View => {
  if (by === 0) return view
  if (!isList(view)) return { ...view, scroll: between(0, Math.min(view.scroll, maxScroll) + by, maxScroll) }
  const at = keys.indexOf(view.chosen ?? "")
  const to = at < 0 && Number.isFinite(by) ? 0 : between(0, Math.max(0, at) + by, keys.length - 1)
  return { ...view, chosen: keys[to] }
}

const between = (least: number, value: number, most: number): number => Math.max(least, Math.min(value, most))

/** Opens the destination that the cursor is on, or the first one, which it then is on. */
const open = (view: View, { keys }: Seen): View => {
  if (!isList(view)) return view
  const key = view.chosen !== undefined && keys.includes(view.chosen) ? view.chosen : keys[0]
  return key === undefined ? view : { ...view, opened: key, chosen: key, scroll: 0 }
}

/** Closes what is open; else shows everything again. */
const back = (view: View): View => {
  if (view.opened !== undefined) return { ...view, opened: undefined, scroll: 0, problem: undefined }
  return { ...view, filter: () => true, filterText: "", problem: undefined }
}

const sorted = (view: View, by: number): View => {
  if (!isList(view)) return view
  const at = (sortKeys.indexOf(view.sort) + by + sortKeys.length) % sortKeys.length
  return { ...view, sort: sortKeys[at] ?? "rate" }
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
