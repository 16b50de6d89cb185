/**
 * Place: what the page shows, as the address has it behind its #, so that a link leads whoever opens it to the same. A
 * token that an address brings is no part of a place: it is taken out at once.
 */
export const tabs = ["destinations", "open", "ended", "settings"] as const
export type Tab = (typeof tabs)[number]

/** The parts of a record that the drawer shows, one at a time. */
export const views = ["overview", "request", "response", "messages", "tls", "redacted"] as const
export type View = (typeof views)[number]

export interface Place {
  readonly tab: Tab
  /** The words that rows must hold. */
  readonly filter: string
  /** The key of the destination whose rows alone are shown; undefined where all are. */
  readonly destination: string | undefined
  /** The key of the row that is open; undefined where none is. */
  readonly row: string | undefined
  /** The id of the record that is open, be it that of the row or not; undefined where none is known. */
  readonly record: string | undefined
  readonly view: View
}

export const home: Place = {
  tab: "open",
  filter: "",
  destination: undefined,
  row: undefined,
  record: undefined,
  view: "overview",
}

/** The place that an address leads to. What is missing or unknown is as at home. */
export const placeOf = (hash: string): Place => {
  const given = parametersOf(hash)
  return {
    tab: tabs.find((tab) => tab === given.get("tab")) ?? home.tab,
    filter: given.get("filter") ?? "",
    destination: given.get("destination") || undefined,
    row: given.get("row") || undefined,
    record: given.get("record") || undefined,
    view: views.find((view) => view === given.get("view")) ?? home.view,
  }
}

/** The part of the address behind its #, with the # if there is any. */
export const hashOf = ({ tab, filter, destination, row, record, view }: Place): string => {
  const shown = new URLSearchParams()
  if (tab !== home.tab) shown.set("tab", tab)
  if (filter !== "") shown.set("filter", filter)
  if (destination !== undefined) shown.set("destination", destination)
  if (row !== undefined) shown.set("row", row)
  if (record !== undefined) shown.set("record", record)
  if (view !== home.view && (row ?? record) !== undefined) shown.set("view", view)
  return withSign(shown)
}

/** The token that an address brings, and the part behind its # without that. What cannot be a token is none, and goes as well. */
export const takeToken = (hash: string): { readonly token: string | undefined; readonly rest: string } => {
  const given = parametersOf(hash)
  const token = given.get("token") ?? undefined
  given.delete("token")
  return { token: token !== undefined && /^[\w-]+$/.test(token) ? token : undefined, rest: withSign(given) }
}

const parametersOf = (hash: string): URLSearchParams => new URLSearchParams(hash.replace(/^#/, ""))
const withSign = (parameters: URLSearchParams): string => (parameters.size === 0 ? "" : `#${parameters}`)

/**
 * Changes some of what is shown. A step can be taken back by the browser's Back; what replaces is none, as what is typed
 * and rows that are walked through.
 */
export type Go = (change: Partial<Place>, how?: "step" | "replace") => void
