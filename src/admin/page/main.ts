/**
 * Main: the status page. It reads the admin listener once a second, draws what it reads, and asks before it acts.
 */
import { closeDetailsBeside, showDetails } from "./details.ts"
import { find, say } from "./dom.ts"
import { askBeforeDrain } from "./drain.ts"
import { whole } from "./format.ts"
import { History } from "./history.ts"
import { askSettings, poll, type Reading } from "./poll.ts"
import { endedRow, matcher, openRow, type Row, type Told } from "./rows.ts"
import { settingsTable } from "./settings.ts"
import { Table } from "./table.ts"
import { Tabs } from "./tabs.ts"
import { Tiles } from "./tiles.ts"

/** Rows of what ended; the proxy itself keeps no more. */
const mostEnded = 1000

const history = new History()
const tiles = new Tiles(find("tiles", HTMLElement))
const table = new Table(showDetails)
const tabs = new Tabs(() => void changeTab())
const panel = find("list", HTMLDivElement)
const filter = find("filter", HTMLInputElement)
const pause = find("pause", HTMLButtonElement)
const trouble = find("trouble", HTMLParagraphElement)
const state = find("state", HTMLSpanElement)

let open: ReadonlyArray<Row> = []
let ended: ReadonlyArray<Row> = []
/** What had ended when the list was drawn last: all of it, or what there was when it was paused. */
let shown: ReadonlyArray<Row> = []
let total = 0
let settings: ReadonlyArray<Told> = []
let newest = 0
let paused = false

const read = (reading: Reading): void => {
  const { about, at, samples, first } = reading
  trouble.hidden = true
  showState(String(about["state"] ?? ""))
  say(find("version", HTMLSpanElement), [about["version"], about["revision"]].filter(Boolean).join(" · "))
  history.add(samples, at, newest === 0 ? [] : reading.ended.flatMap(wait))
  tiles.show(history, reading.total)
  // Numbers that begin anew are those of another process, or all that there is after a gap.
  if (first <= newest) ended = []
  newest = first + reading.ended.length - 1
  const rows = reading.ended.map((told, i) => endedRow(told, first + i))
  ended = [...ended, ...rows].slice(-mostEnded)
  if (paused) return
  total = reading.total
  open = reading.open.map(openRow)
  shown = ended
  // The settings do not change by themselves; drawn anew they would lose the place that somebody has scrolled to.
  if (tabs.current === "settings") drawCounts()
  else draw()
}

/** Milliseconds that an answer took to begin, with connecting. */
const wait = ({ t_dial: dial, t_first_byte: firstByte }: Told): ReadonlyArray<number> =>
  typeof firstByte === "number" ? [firstByte + (typeof dial === "number" ? dial : 0)] : []

const failed = (why: string): void => {
  const last = state.textContent
  say(trouble, last === "draining" ? "The proxy has drained and ended." : `The proxy does not answer: ${why}`)
  trouble.hidden = false
  if (last !== "draining") showState("unreachable")
}

const showState = (name: string): void => {
  say(state, name)
  state.dataset["state"] = name
  document.title = name === "ready" ? "Pillion" : `Pillion: ${name}`
  find("drain", HTMLButtonElement).disabled = name !== "ready"
}

const drawCounts = (): void => {
  tabs.count("open", total)
  tabs.count("ended", shown.length)
}

const draw = (): void => {
  const fits = matcher(filter.value)
  drawCounts()
  if (tabs.current === "settings") return drawSettings(fits)
  const all = tabs.current === "open" ? open : shown
  const rows = all.filter(({ words }) => fits(words))
  if (panel.firstChild !== table.root) panel.replaceChildren(table.root)
  table.show(rows, emptyText(all.length))
  const of = tabs.current === "open" ? total : all.length
  say(find("shown", HTMLSpanElement), rows.length === of ? "" : `${whole(rows.length)} of ${whole(of)} shown`)
}

const emptyText = (all: number): string => {
  if (all > 0) return "Nothing fits the filter."
  return tabs.current === "open" ? "No connection is open." : "Nothing has ended yet."
}

const drawSettings = (fits: (words: string) => boolean): void => {
  panel.replaceChildren(settingsTable(settings, fits))
  say(find("shown", HTMLSpanElement), "")
}

const changeTab = async (): Promise<void> => {
  draw()
  if (tabs.current !== "settings") return
  try {
    settings = await askSettings()
    draw()
  } catch (cause) {
    failed(String(cause))
  }
}

const togglePause = (): void => {
  paused = !paused
  pause.setAttribute("aria-pressed", String(paused))
  say(pause, paused ? "Resume" : "Pause")
  if (!paused) draw()
}

filter.addEventListener("input", draw)
pause.addEventListener("click", togglePause)
closeDetailsBeside()
askBeforeDrain(() => total, failed)
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null) return
  if (event.target === filter) {
    if (event.key === "ArrowDown") table.root.focus()
    return
  }
  if (event.key === "/") {
    event.preventDefault()
    filter.select()
  }
  if (event.key === "p") togglePause()
})
draw()
void poll(read, failed)
