/**
 * Place: what the page shows, as the address has it behind its #, so that a link leads whoever opens it to the same.
 */
import { useEffect, useState } from "preact/hooks"

export const tabs = ["destinations", "open", "ended", "settings"] as const
export type Tab = (typeof tabs)[number]

export interface Place {
  readonly tab: Tab
  /** The words that rows must hold. */
  readonly filter: string
  /** The key of the destination whose rows alone are shown; undefined where all are. */
  readonly destination: string | undefined
  /** The key of the row that is open; undefined where none is. */
  readonly row: string | undefined
}

export const home: Place = { tab: "open", filter: "", destination: undefined, row: undefined }

/** The place that an address leads to. What is missing or unknown is as at home. */
export const placeOf = (hash: string): Place => {
  const given = new URLSearchParams(hash.replace(/^#/, ""))
  return {
    tab: tabs.find((tab) => tab === given.get("tab")) ?? home.tab,
    filter: given.get("filter") ?? "",
    destination: given.get("destination") || undefined,
    row: given.get("row") || undefined,
  }
}

/** The part of the address behind its #, with the # if there is any. */
export const hashOf = ({ tab, filter, destination, row }: Place): string => {
  const shown = new URLSearchParams()
  if (tab !== home.tab) shown.set("tab", tab)
  if (filter !== "") shown.set("filter", filter)
  if (destination !== undefined) shown.set("destination", destination)
  if (row !== undefined) shown.set("row", row)
  return shown.size === 0 ? "" : `#${shown}`
}

/** Changes some of what is shown. */
export type Go = (change: Partial<Place>) => void

/**
 * The place that the address names, followed both ways. Where somebody goes is a step that the browser's Back takes back;
 * what is typed is none.
 */
export const usePlace = (): readonly [Place, Go] => {
  const [place, setPlace] = useState(() => placeOf(location.hash))
  useEffect(() => {
    const follow = (): void => setPlace(placeOf(location.hash))
    addEventListener("popstate", follow)
    return () => removeEventListener("popstate", follow)
  }, [])
  const go: Go = (change) => {
    const next = { ...place, ...change }
    const hash = hashOf(next)
    setPlace(next)
    // The same address twice would be a step back that leads nowhere.
    if (hash === hashOf(place)) return
    const address = `${location.pathname}${location.search}${hash}`
    if (next.filter === place.filter) history.pushState(null, "", address)
    else history.replaceState(null, "", address)
  }
  return [place, go]
}
