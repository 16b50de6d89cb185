/**
 * App: the status page. It reads the admin listener once a second, shows what it read, and asks before it acts.
 */
import { useEffect, useReducer, useRef, useState } from "preact/hooks"

import { Details, type Look } from "./details.tsx"
import { Drain } from "./drain.tsx"
import { whole } from "./format.ts"
import { Model } from "./model.ts"
import { askSettings, poll } from "./poll.ts"
import { matcher, type Order, type Told } from "./rows.ts"
import { Settings } from "./settings.tsx"
import { Table } from "./table.tsx"
import { Tabs, type Tab } from "./tabs.tsx"
import { Tiles } from "./tiles.tsx"

export const App = () => {
  const [model] = useState(() => new Model())
  const [, redraw] = useReducer<number, void>((turn) => turn + 1, 0)
  const [tab, setTab] = useState<Tab>("open")
  const [words, setWords] = useState("")
  const [order, setOrder] = useState<Order>({ by: "when", descending: true })
  const [look, setLook] = useState<Look | undefined>(undefined)
  const [settings, setSettings] = useState<ReadonlyArray<Told>>([])
  const filter = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)

  const miss = (why: string): void => {
    model.miss(why)
    redraw()
  }
  const complain = (why: string): void => {
    model.complain(why)
    redraw()
  }
  const togglePause = (): void => {
    model.togglePause()
    redraw()
  }
  const changeTab = (to: Tab): void => {
    setTab(to)
    if (to === "settings") askSettings().then(setSettings, (cause: unknown) => miss(String(cause)))
  }

  useEffect(() => {
    void poll((reading) => {
      model.take(reading)
      redraw()
    }, miss)
  }, [])
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null) return
      if (event.target === filter.current) {
        if (event.key === "ArrowDown") list.current?.focus()
        return
      }
      if (event.key === "/") {
        event.preventDefault()
        filter.current?.select()
      }
      if (event.key === "p") togglePause()
    }
    document.addEventListener("keydown", press)
    return () => document.removeEventListener("keydown", press)
  }, [])
  useEffect(() => {
    document.title = model.state === "ready" ? "Pillion" : `Pillion: ${model.state}`
  }, [model.state])

  const fits = matcher(words)
  const all = tab === "open" ? model.open : model.ended
  const rows = all.filter((row) => fits(row.words))
  const of = tab === "open" ? model.total : all.length
  const counted = tab === "settings" || rows.length === of ? "" : `${whole(rows.length)} of ${whole(of)} shown`
  return (
    <>
      <header>
        <h1>Pillion</h1>
        <span id="state" class="badge" role="status" data-state={model.state}>
          {model.state}
        </span>
        <span id="version" class="quiet">
          {model.version}
        </span>
        <span class="gap" />
        <button id="pause" aria-pressed={model.paused} aria-keyshortcuts="p" onClick={togglePause}>
          {model.paused ? "Resume" : "Pause"}
        </button>
        <Drain ready={model.state === "ready"} open={model.openNow} refused={complain} />
      </header>
      <p id="trouble" role="alert" hidden={model.trouble === undefined}>
        {model.trouble}
      </p>
      <Tiles history={model.history} open={model.openNow} />
      <main>
        <div class="bar">
          <Tabs chosen={tab} counts={{ open: model.total, ended: model.ended.length }} choose={changeTab} />
          <label class="search">
            <span class="unseen">Filter</span>
            <input
              id="filter"
              ref={filter}
              type="search"
              autocomplete="off"
              spellcheck={false}
              placeholder="Filter: words, -word to leave out"
              aria-keyshortcuts="/"
              value={words}
              onInput={({ currentTarget }) => setWords(currentTarget.value)}
            />
            <kbd aria-hidden="true">/</kbd>
          </label>
          <span id="shown" class="quiet">
            {counted}
          </span>
        </div>
        <div id="list" role="tabpanel" aria-labelledby={`tab-${tab}`}>
          {tab === "settings" ? (
            <Settings settings={settings} fits={fits} />
          ) : (
            <Table
              root={list}
              rows={rows}
              order={order}
              setOrder={setOrder}
              empty={emptyText(tab, all.length)}
              look={(row) => setLook({ row })}
            />
          )}
        </div>
      </main>
      <Keys />
      <Details look={look} />
    </>
  )
}

const emptyText = (tab: Tab, all: number): string => {
  if (all > 0) return "Nothing fits the filter."
  return tab === "open" ? "No connection is open." : "Nothing has ended yet."
}

const Keys = () => (
  <footer class="quiet">
    <span>
      <kbd>/</kbd> filter
    </span>
    <span>
      <kbd>p</kbd> pause
    </span>
    <span>
      <kbd>↑</kbd> <kbd>↓</kbd> choose a row
    </span>
    <span>
      <kbd>Enter</kbd> details
    </span>
    <span>
      <kbd>Esc</kbd> close
    </span>
  </footer>
)
