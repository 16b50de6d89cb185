/**
 * Top screen: the model of `pillion top` as lines of text, exactly as wide and as high as the terminal. Pure.
 */
import { plainText } from "../../observe/output/text.ts"

import { detail, lastRequests } from "./top-detail.ts"
import { destinationsOf } from "./top-destinations.ts"
import { age, bold, cyan, dim, draw, flow, green, inverse, type Pieces, red, yellow } from "./top-layout.ts"
import { scopeOf, sum, type TopModel } from "./top-model.ts"
import { summary } from "./top-summary.ts"
import { destinationTable } from "./top-table.ts"
import type { Seen, View } from "./top-view.ts"

/** A screen, and what a key press on it has to know. */
export interface Frame extends Seen {
  /** One text for each row of the terminal. */
  readonly lines: ReadonlyArray<string>
}

export const screen = (model: TopModel, view: View): Frame => {
  const bottom = footer(view)
  const totals = [title(model, view), [], ...summary(model, scopeOf(model, view), view.columns), []]
  // On a low terminal the list is worth more than the last of the totals.
  const top = totals.slice(0, Math.max(1, view.rows - bottom.length - minBody))
  const room = Math.max(0, view.rows - top.length - bottom.length)
  const { lines, ...seen } = body(model, view, room)
  const all = [...top, ...lines].slice(0, Math.max(0, view.rows - bottom.length))
  const blank = Array.from({ length: Math.max(0, view.rows - bottom.length - all.length) }, () => [])
  const rows = [...all, ...blank, ...bottom].slice(-Math.max(1, view.rows))
  return { lines: rows.map((pieces) => draw(pieces, view)), ...seen }
}

/** Lines of the list that stay, where the terminal has as many. */
const minBody = 4

interface Body extends Seen {
  readonly lines: ReadonlyArray<Pieces>
}

/** What stands below the totals, `room` lines of it. */
const body = (model: TopModel, view: View, room: number): Body => {
  const page = Math.max(1, room - 1)
  if (view.opened !== undefined || view.list === "requests") {
    const lines = view.opened === undefined ? lastRequests(model, view) : detail(model, view)
    const maxScroll = Math.max(0, lines.length - room)
    return { lines: lines.slice(Math.min(view.scroll, maxScroll)), keys: [], maxScroll, page }
  }
  const destinations = destinationsOf(model, scopeOf(model, view), view.sort)
  const { heading, blocks } = destinationTable(destinations, view)
  const keys = destinations.map(({ key }) => key)
  const chosen = keys.indexOf(view.chosen ?? "")
  return { lines: [heading, ...inSight(blocks, chosen, room - 1)], keys, maxScroll: 0, page }
}

/** The blocks from the first one on, or from as far below as it takes to show the chosen one. */
const inSight = (blocks: ReadonlyArray<ReadonlyArray<Pieces>>, chosen: number, room: number): ReadonlyArray<Pieces> => {
  let from = Math.max(0, chosen)
  let used = blocks[from]?.length ?? 0
  while (from > 0 && used + (blocks[from - 1]?.length ?? 0) <= room) used += blocks[--from]?.length ?? 0
  return blocks.slice(from).flat()
}

const title = ({ look }: TopModel, view: View): Pieces => {
  const started = sum(look.metrics, "process_start_time_seconds") * 1000
  const left = ` pillion ${look.version}   `
  const up = `   up ${age(look.now - started)}`
  const clock = `${new Date(look.now).toISOString().slice(11, 19)}Z `
  const pause = view.paused ? "  PAUSED" : ""
  const gap = view.columns - left.length - look.state.length - up.length - pause.length - clock.length
  const state = [look.state, look.state === "ready" ? green : yellow] as const
  return [[left, bold], state, up, [pause, yellow], " ".repeat(Math.max(1, gap)), [clock, dim]]
}

/** The keys that do something here, over as many lines as they need; or what was typed, or what is wrong. */
const footer = (view: View): ReadonlyArray<Pieces> => {
  if (view.typing !== undefined) {
    const help: Pieces = [["   Enter: apply   Esc: leave", dim]]
    return flow([" filter: ", bold], [[view.typing, ["▏", cyan]], help], view.columns)
  }
  if (view.problem !== undefined) {
    const words = plainText(view.problem).split(" ")
    return flow(
      " ",
      words.map((word): Pieces => [[`${word} `, red]]),
      view.columns,
    )
  }
  const filter = view.filterText === "" ? "filter" : `filter: ${plainText(view.filterText)}`
  const listed = view.opened === undefined && view.list === "destinations"
  const keys: ReadonlyArray<Pieces> = [
    ...(view.opened === undefined ? [] : [key("Esc", "back")]),
    ...(listed ? [key("s", `sort: ${view.sort}`), key("↑↓", "choose"), key("Enter", "open")] : [key("↑↓", "scroll")]),
    ...(view.opened === undefined ? [key("t", listed ? "last" : "destinations")] : []),
    key("p", view.paused ? "go on" : "pause"),
    key("/", filter),
    ...(view.opened === undefined && view.filterText !== "" ? [key("Esc", "all")] : []),
  ]
  return flow([" q ", inverse], [[" quit "], ...keys], view.columns)
}

const key = (name: string, what: string): Pieces => [[` ${name} `, inverse], ` ${what} `]
