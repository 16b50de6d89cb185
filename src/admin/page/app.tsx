/**
 * App: the status page. It reads the admin listener once a second, shows what it read, and asks before it acts.
 */
import type { RefObject } from "preact"
import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks"

import { About } from "./about.tsx"
import { Drain } from "./drain.tsx"
import { Keys } from "./keys.tsx"
import { Captures } from "./model/captures.ts"
import { belongsTo, type DestinationKey, type DestinationRow, nameOfDestination } from "./model/destinations.ts"
import { type Filters, filtersOf, noFilters } from "./model/filters.ts"
import { whole } from "./model/format.ts"
import { PageModel } from "./model/page-model.ts"
import { type Go, type Place, type Tab, tabs } from "./model/place.ts"
import { askSettings, poll } from "./model/poll.ts"
import type { Key, Row, Told } from "./model/rows.ts"
import { Opened } from "./opened.tsx"
import { TabList } from "./parts/tab-list.tsx"
import { type Sorting, Table, type TableSurroundings } from "./parts/table.tsx"
import { Settings } from "./settings.tsx"
import { destinationTable, rowTable } from "./tables.ts"
import { Tiles } from "./tiles.tsx"
import { useKeys } from "./use-keys.ts"
import { usePlace, useToken } from "./use-place.ts"

export const App = () => {
  const [place, go] = usePlace()
  const captures = useCaptures()
  const { model, complain, miss, togglePause } = useModel(place.destination)
  const settings = useSettings(place.tab, miss)
  const filter = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const orders = { rows: useState(rowTable.first), destinations: useState(destinationTable.first) }
  const { tab, destination } = place
  const isOpen = (place.row ?? place.record) !== undefined
  const close = (): void => {
    go({ row: undefined, record: undefined })
    list.current?.focus()
  }
  useKeys(filter, list, {
    p: togglePause,
    Escape: () => {
      if (isOpen) close()
      else if (destination !== undefined) go({ destination: undefined, tab: "destinations" })
    },
  })
  // Whoever has opened a destination by the keyboard goes on in its rows.
  useEffect(() => {
    if (destination !== undefined) list.current?.focus()
  }, [destination])

  const filters = useFilters(place.filter)
  const chosen = useChosen(model, place, filters.rows.fits)
  const { problem } = tab === "settings" ? filters.settings : filters.rows
  return (
    <>
      <Header model={model} togglePause={togglePause} complain={complain} />
      <p id="trouble" role="alert" hidden={model.trouble === undefined}>
        {model.trouble}
      </p>
      <Tiles history={model.history} open={model.openNow} />
      <main data-open={isOpen}>
        <div class="lists">
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
              <Lists root={list} chosen={chosen} orders={orders} place={place} go={go} />
            )}
          </div>
        </div>
        <Opened model={model} place={place} captures={captures} list={list} go={go} close={close} />
      </main>
      <Keys tab={tab} isOpen={isOpen} />
    </>
  )
}

/** What asks for records on behalf of the token that this tab has. */
const useCaptures = (): Captures => {
  const token = useToken()
  return useMemo(() => new Captures(token, (path, init) => fetch(path, init)), [token])
}

/** The settings in force, asked for each time that they are shown. */
const useSettings = (tab: Tab, miss: (why: string) => void): ReadonlyArray<Told> => {
  const [settings, setSettings] = useState<ReadonlyArray<Told>>([])
  useEffect(() => {
    if (tab === "settings") askSettings().then(setSettings, (cause: unknown) => miss(String(cause)))
  }, [tab])
  return settings
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
      <TabList
        label="What to show"
        id="tab"
        panel="list"
        tabs={tabs.map((name) => ({ name, title: titles[name], count: countOf(model, name) }))}
        chosen={tab}
        choose={(to) => go({ tab: to })}
      />
      <Search
        input={filter}
        words={words}
        search={(typed) => go({ filter: typed }, "replace")}
        wrong={problem !== undefined}
      />
      <span id="shown" class="quiet">
        {tab === "settings" || shown === all ? "" : `${whole(shown)} of ${whole(all)} shown`}
      </span>
    </div>
    <p id="filter-problem" class="quiet" role="status" hidden={problem === undefined}>
      {problem}
    </p>
  </>
)

const titles: { readonly [T in Tab]: string } = {
  destinations: "Destinations",
  open: "Open",
  ended: "Ended",
  settings: "Settings",
}

/** How many rows are behind a tab. */
const countOf = (model: PageModel, tab: Tab): string | undefined => {
  if (tab === "settings") return undefined
  return whole(tab === "destinations" ? model.destinations.length : tab === "open" ? model.total : model.ended.length)
}

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

/** Not looked through again for what is drawn otherwise: there may be thousands. */
const useChosen = (model: PageModel, { tab, destination }: Place, fits: Filters["rows"]["fits"]): Chosen => {
  const all = tab === "open" ? model.open : model.ended
  return useMemo(() => {
    if (tab === "destinations") {
      const destinations = model.destinations.filter((row) => fits(row.facts))
      return { rows: [], destinations, shown: destinations.length, all: model.destinations.length }
    }
    const belongs = destination === undefined ? () => true : belongsTo(destination, model.destinations)
    const rows = all.filter((row) => fits(row.facts) && belongs(row))
    return { rows, destinations: [], shown: rows.length, all: tab === "open" ? model.total : all.length }
  }, [
    tab,
    destination,
    fits,
    all,
    tab === "destinations" || destination !== undefined ? model.destinations : undefined,
  ])
}

interface ListsProps {
  readonly root: RefObject<HTMLDivElement | null>
  readonly chosen: Chosen
  /** How the tables are sorted: they are taken away while another tab is shown. */
  readonly orders: { readonly rows: Sorting<Key>; readonly destinations: Sorting<DestinationKey> }
  readonly place: Place
  readonly go: Go
}

const Lists = ({ root, chosen, orders, place: { tab, row }, go }: ListsProps) => {
  const surroundings = { root, empty: emptyText(tab, chosen.all) } satisfies Omit<TableSurroundings, "opened">
  return tab === "destinations" ? (
    <Table
      key="destinations"
      {...surroundings}
      kind={destinationTable}
      rows={chosen.destinations}
      order={orders.destinations}
      opened={undefined}
      look={({ key }) => go({ destination: key, tab: "ended" })}
    />
  ) : (
    <Table
      key="rows"
      {...surroundings}
      kind={rowTable}
      rows={chosen.rows}
      order={orders.rows}
      opened={row}
      look={({ key }) => go({ row: key, record: undefined })}
      walk={({ key }) => go({ row: key, record: undefined }, "replace")}
    />
  )
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
