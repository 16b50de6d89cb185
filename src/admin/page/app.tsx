/**
 * App: the status page. It reads the admin listener once a second, shows what it read, and asks before it acts.
 */
import type { RefObject } from "preact"
import { useEffect, useReducer, useRef, useState } from "preact/hooks"

import { About } from "./about.tsx"
import { destinationColumns, rowColumns } from "./columns.ts"
import {
  belongsTo,
  type DestinationKey,
  type DestinationRow,
  nameOfDestination,
  sortDestinations,
} from "./destinations.ts"
import { Details } from "./details.tsx"
import { Drain } from "./drain.tsx"
import { type Filters, filtersOf, noFilters } from "./filters.ts"
import { whole } from "./format.ts"
import { PageModel } from "./model.ts"
import { type Go, type Place, type Tab, usePlace } from "./place.ts"
import { askSettings, poll } from "./poll.ts"
import { type Key, type Order, type Row, sort, type Told } from "./rows.ts"
import { Settings } from "./settings.tsx"
import { Table } from "./table.tsx"
import { Tabs } from "./tabs.tsx"
import { Tiles } from "./tiles.tsx"

export const App = () => {
  const [place, go] = usePlace()
  const { model, complain, miss, togglePause } = useModel(place.destination)
  const [settings, setSettings] = useState<ReadonlyArray<Told>>([])
  const filter = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const orders = useOrders()
  const opened = useOpened(model, place)
  const { tab, destination } = place
  useKeys(filter, list, {
    p: togglePause,
    Escape: () => {
      if (destination !== undefined) go({ destination: undefined, tab: "destinations" })
    },
  })
  // Whoever has opened a destination by the keyboard goes on in its rows.
  useEffect(() => {
    if (destination !== undefined) list.current?.focus()
  }, [destination])
  useEffect(() => {
    if (tab === "settings") askSettings().then(setSettings, (cause: unknown) => miss(String(cause)))
  }, [tab])

  const filters = useFilters(place.filter)
  const chosen = choose(model, place, filters.rows.fits)
  const { problem } = tab === "settings" ? filters.settings : filters.rows
  return (
    <>
      <Header model={model} togglePause={togglePause} complain={complain} />
      <p id="trouble" role="alert" hidden={model.trouble === undefined}>
        {model.trouble}
      </p>
      <Tiles history={model.history} open={model.openNow} />
      <main>
        <Bar model={model} place={place} chosen={chosen} filter={filter} problem={problem} go={go} />
        {destination === undefined || tab === "settings" ? null : (
          <About
            destination={destination}
            row={model.destinations.find(({ key }) => key === destination)}
            close={() => go({ destination: undefined })}
          />
        )}
        <div id="list" role="tabpanel" aria-labelledby={`tab-${tab}`}>
          {tab === "settings" ? (
            <Settings settings={settings} fits={filters.settings.fits} />
          ) : (
            <Lists tab={tab} root={list} chosen={chosen} orders={orders} go={go} />
          )}
        </div>
      </main>
      <Keys />
      <Details row={opened} close={() => go({ row: undefined })} />
    </>
  )
}

interface BarProps {
  readonly model: PageModel
  readonly place: Place
  readonly chosen: Chosen
  readonly filter: RefObject<HTMLInputElement | null>
  /** Why the text is no filter; undefined where it is one. */
  readonly problem: string | undefined
  readonly go: Go
}

const Bar = ({ model, place: { tab, filter: words }, chosen: { shown, all }, filter, problem, go }: BarProps) => (
  <>
    <div class="bar">
      <Tabs
        chosen={tab}
        counts={{ destinations: model.destinations.length, open: model.total, ended: model.ended.length }}
        choose={(to) => go({ tab: to })}
      />
      <Search input={filter} words={words} search={(typed) => go({ filter: typed })} wrong={problem !== undefined} />
      <span id="shown" class="quiet">
        {tab === "settings" || shown === all ? "" : `${whole(shown)} of ${whole(all)} shown`}
      </span>
    </div>
    <p id="filter-problem" class="quiet" role="status" hidden={problem === undefined}>
      {problem}
    </p>
  </>
)

/** What is shown by the text of the filter, or by the one before where it is none. */
const useFilters = (text: string): Filters => {
  const [held] = useState({ text: "", filters: noFilters })
  if (held.text !== text) {
    held.filters = filtersOf(text, held.filters)
    held.text = text
  }
  return held.filters
}

/** The rows that are shown, and how many there are of how many. */
interface Chosen {
  readonly rows: ReadonlyArray<Row>
  readonly destinations: ReadonlyArray<DestinationRow>
  readonly shown: number
  readonly all: number
}

const choose = (model: PageModel, { tab, destination }: Place, fits: Filters["rows"]["fits"]): Chosen => {
  if (tab === "destinations") {
    const destinations = model.destinations.filter((row) => fits(row.facts))
    return { rows: [], destinations, shown: destinations.length, all: model.destinations.length }
  }
  const all = tab === "open" ? model.open : model.ended
  const belongs = destination === undefined ? () => true : belongsTo(destination, model.destinations)
  const rows = all.filter((row) => fits(row.facts) && belongs(row))
  return { rows, destinations: [], shown: rows.length, all: tab === "open" ? model.total : all.length }
}

interface ListsProps {
  readonly tab: Tab
  readonly root: RefObject<HTMLDivElement | null>
  readonly chosen: Chosen
  readonly orders: ReturnType<typeof useOrders>
  readonly go: Go
}

/** How the tables are sorted: they are taken away while another tab is shown. */
const useOrders = () => {
  const [rows, setRows] = useState<Order<Key>>({ by: "when", descending: true })
  const [destinations, setDestinations] = useState<Order<DestinationKey>>({ by: "rate", descending: true })
  return { rows, setRows, destinations, setDestinations }
}

const Lists = ({ tab, root, chosen, orders, go }: ListsProps) => {
  if (tab === "destinations") {
    return (
      <Table
        key="destinations"
        label="Destinations"
        root={root}
        columns={destinationColumns}
        rows={chosen.destinations}
        sort={sortDestinations}
        order={orders.destinations}
        setOrder={orders.setDestinations}
        empty={emptyText(tab, chosen.all)}
        look={({ key }) => go({ destination: key, tab: "ended" })}
      />
    )
  }
  return (
    <Table
      key="rows"
      label="Connections"
      root={root}
      columns={rowColumns}
      rows={chosen.rows}
      sort={sort}
      order={orders.rows}
      setOrder={orders.setRows}
      empty={emptyText(tab, chosen.all)}
      look={({ key }) => go({ row: key })}
    />
  )
}

/** The row that the address names, as it is now; as it was last where it is no longer in its list. */
const useOpened = (model: PageModel, { row: key }: Place): Row | undefined => {
  const last = useRef<Row | undefined>(undefined)
  const found = key === undefined ? undefined : [...model.open, ...model.ended].find((row) => row.key === key)
  if (found !== undefined) last.current = found
  return last.current?.key === key ? last.current : undefined
}

/** The model, which is polled as long as the page is shown, and what changes it; each change draws the page again. */
const useModel = (destination: string | undefined) => {
  const [model] = useState(() => new PageModel())
  const shown = useRef("")
  shown.current = destination === undefined ? "" : nameOfDestination(destination)
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
    void poll(
      (reading) => {
        model.take(reading)
        redraw()
      },
      miss,
      () => shown.current,
    )
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
  acts: { readonly [key: string]: () => void },
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
      acts[event.key]?.()
    }
    document.addEventListener("keydown", press)
    return () => document.removeEventListener("keydown", press)
  })
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
  if (tab === "destinations") return "Nothing has gone anywhere yet."
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
      <kbd>Enter</kbd> open
    </span>
    <span>
      <kbd>Esc</kbd> back
    </span>
  </footer>
)
