/**
 * Top view: what the person at the keyboard has chosen to see.
 */
import type { Filter } from "../../observe/filter/entry-filter.ts"

import type { SortKey } from "./top-destinations.ts"

export interface View {
  readonly columns: number
  readonly rows: number
  readonly color: boolean
  /** The list below the totals. */
  readonly list: "destinations" | "requests"
  readonly sort: SortKey
  readonly filter: Filter
  /** Empty where everything is shown. */
  readonly filterText: string
  /** The filter that is being typed; undefined while none is. */
  readonly typing: string | undefined
  /** The key of the destination that the cursor is on; undefined until somebody moves it. */
  readonly chosen: string | undefined
  /** The key of the destination that is open; undefined where the list is shown. */
  readonly opened: string | undefined
  /** Lines that were scrolled past. */
  readonly scroll: number
  /** The last problem: a filter that is none, a proxy that does not answer. */
  readonly problem: string | undefined
  readonly paused: boolean
}

/** What a key press has to know of the screen that it meets. */
export interface Seen {
  /** The destinations in the list, in their order, by key. */
  readonly keys: ReadonlyArray<string>
  /** How far the text below the totals can be scrolled, in lines, and how much of it is in sight. */
  readonly maxScroll: number
  readonly page: number
}
