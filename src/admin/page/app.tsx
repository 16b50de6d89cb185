/**
 * App: the status page. It reads the admin listener once a second, shows what it read, and asks before it acts.
 */
import type { RefObject } from "preact"
import { useEffect, useReducer, useRef, useState } from "preact/hooks"

import { Details, type Detailed } from "./details.tsx"
import { Drain } from "./drain.tsx"
import { filtersOf, noFilters } from "./filters.ts"
import { whole } from "./format.ts"
import { PageModel } from "./model.ts"
import { askSettings, poll } from "./poll.ts"
import type { Order, Told } from "./rows.ts"
import { Settings } from "./settings.tsx"
import { Table } from "./table.tsx"
import { Tabs, type Tab } from "./tabs.tsx"
import { Tiles } from "./tiles.tsx"

export const App = () => {
  const { model, complain, miss, togglePause } = useModel()
  const [tab, setTab] = useState<Tab>("open")
  const { words, filters, search } = useFilters()
  const [order, setOrder] = useState<Order>({ by: "when", descending: true })
  const [look, setLook] = useState<Detailed | undefined>(undefined)
  const [settings, setSettings] = useState<ReadonlyArray<Told>>([])
  const filter = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  useKeys(filter, list, togglePause)

  const changeTab = (to: Tab): void => {
    setTab(to)
    if (to === "settings") askSettings().then(setSettings, (cause: unknown) => miss(String(cause)))
  }
  const all = tab === "open" ? model.open : model.ended
  const rows = all.filter(({ facts }) => filters.rows.fits(facts))
  const { problem } = tab === "settings" ? filters.settings : filters.rows
  const of = tab === "open" ? model.total : all.length
  return (
    <>
      <Header model={model} togglePause={togglePause} complain={complain} />
      <p id="trouble" role="alert" hidden={model.trouble === undefined}>
        {model.trouble}
      </p>
      <Tiles history={model.history} open={model.openNow} />
      <main>
        <div class="bar">
          <Tabs chosen={tab} counts={{ open: model.total, ended: model.ended.length }} choose={changeTab} />
          <Search input={filter} words={words} search={search} wrong={problem !== undefined} />
          <span id="shown" class="quiet">
            {tab === "settings" || rows.length === of ? "" : `${whole(rows.length)} of ${whole(of)} shown`}
          </span>
        </div>
        <p id="filter-problem" class="quiet" role="status" hidden={problem === undefined}>
          {problem}
        </p>
        <div id="list" role="tabpanel" aria-labelledby={`tab-${tab}`}>
          {tab === "settings" ? (
            <Settings settings={settings} fits={filters.settings.fits} />
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

/** What stands in the box, and what is shown by it. */
const useFilters = () => {
  const [words, setWords] = useState("")
  const [filters, setFilters] = useState(noFilters)
  const search = (text: string): void => {
    setWords(text)
    setFilters((before) => filtersOf(text, before))
  }
  return { words, filters, search }
}

/** The model, which is polled as long as the page is shown, and what changes it; each change draws the page again. */
const useModel = () => {
  const [model] = useState(() => new PageModel())
  const [, redraw] = useReducer<number, void>((turn) => turn + 1, 0)
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
  useEffect(() => {
    void poll((reading) => {
      model.take(reading)
      redraw()
    }, miss)
  }, [])
  useEffect(() => {
    document.title = model.state === "ready" ? "Pillion" : `Pillion: ${model.state}`
  }, [model.state])
  return { model, complain, miss, togglePause }
}

/** Listens for the keys of the whole page; a dialog and a modifier key have their own meaning. */
const useKeys = (
  filter: RefObject<HTMLInputElement | null>,
  list: RefObject<HTMLDivElement | null>,
  togglePause: () => void,
): void => {
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
}

interface HeaderProps {
  readonly model: PageModel
  readonly togglePause: () => void
  readonly complain: (why: string) => void
}

const Header = ({ model, togglePause, complain }: HeaderProps) => (
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
)

interface SearchProps {
  readonly input: RefObject<HTMLInputElement | null>
  readonly words: string
  readonly search: (words: string) => void
  /** The words are no filter; the one before them holds. */
  readonly wrong: boolean
}

const Search = ({ input, words, search, wrong }: SearchProps) => (
  <label class="search">
    <span class="unseen">Filter</span>
    <input
      id="filter"
      ref={input}
      type="search"
      autocomplete="off"
      spellcheck={false}
      placeholder="Filter: words, host:api, -status:2xx"
      aria-invalid={wrong}
      aria-describedby="filter-problem"
      aria-keyshortcuts="/"
      value={words}
      onInput={({ currentTarget }) => search(currentTarget.value)}
    />
    <kbd aria-hidden="true">/</kbd>
  </label>
)

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
