/**
 * Opened: what the address says is open, as a drawer beside the list: the row as it is now, and its record.
 */
import type { RefObject } from "preact"
import { useLayoutEffect, useMemo, useRef } from "preact/hooks"

import { Drawer } from "./drawer/drawer.tsx"
import { useEffects, useFound } from "./drawer/use-found.ts"
import type { Captures } from "./model/captures.ts"
import type { Wanted } from "./model/found.ts"
import type { PageModel } from "./model/page-model.ts"
import type { Go, Place } from "./model/place.ts"
import type { Row } from "./model/rows.ts"
import { viewsOf } from "./model/titles.ts"
import { beside } from "./parts/tab-list.tsx"

interface Props {
  readonly model: PageModel
  readonly place: Place
  readonly captures: Captures
  /** The list, whose keys walk through the parts of a record as well. */
  readonly list: RefObject<HTMLElement | null>
  readonly go: Go
  readonly close: () => void
}

export const Opened = ({ model, place, captures, list, go, close }: Props) => {
  const row = useRow(model, place)
  const [found, lookAgain] = useFound(captures, wantedOf(place, row), (record) => go({ record }, "replace"))
  const record = found?._tag === "Record" ? found.record : undefined
  const effects = useEffects(captures, record?.direction === "inbound" ? record.id : undefined)
  // The next key may come before the next frame.
  useLayoutEffect(() => {
    const press = ({ key, target }: KeyboardEvent): void => {
      const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : undefined
      if (step === undefined || record === undefined || target !== list.current) return
      const views = viewsOf(record)
      const shown = views.find(({ name }) => name === place.view)?.name ?? "overview"
      go({ view: beside(views, shown, step) ?? "overview" }, "replace")
    }
    document.addEventListener("keydown", press)
    return () => document.removeEventListener("keydown", press)
  })
  if ((place.row ?? place.record) === undefined) return null
  return (
    <Drawer
      row={row}
      found={found}
      effects={effects}
      view={place.view}
      captures={captures}
      show={(view) => go({ view }, "replace")}
      open={(id) => go({ row: undefined, record: id, view: "overview" })}
      lookAgain={lookAgain}
      close={close}
    />
  )
}

/** The record that the address names, else that of the row; nothing for a connection that is open still. */
const wantedOf = ({ record }: Place, row: Row | undefined): Wanted | undefined => {
  if (record !== undefined) return { id: record, flow: 0, n: undefined }
  return row === undefined || row.isOpen ? undefined : { id: undefined, flow: row.flow, n: row.n }
}

/** The row that the address names, as it is now; as it was last where it is no longer in its list. */
const useRow = (model: PageModel, { row: key }: Place): Row | undefined => {
  const last = useRef<Row | undefined>(undefined)
  const { open, ended } = model
  // Not looked for again for what is drawn otherwise: there may be thousands.
  const found = useMemo(() => {
    const isIt = (row: Row): boolean => row.key === key
    return key === undefined ? undefined : (open.find(isIt) ?? ended.findLast(isIt))
  }, [open, ended, key])
  if (found !== undefined) last.current = found
  return last.current?.key === key ? last.current : undefined
}
