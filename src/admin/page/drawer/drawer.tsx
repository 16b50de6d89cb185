/**
 * Drawer: everything that is known of one row, and what was recorded of it. It stands beside the list, which keeps the
 * keyboard. Everything that was recorded is text: nothing of it becomes HTML, a link or a script.
 */
import type { ComponentChildren } from "preact"
import { useRef, useState } from "preact/hooks"

import { type CaptureRecord, isHttp } from "../../../capture/record.ts"
import type { Captures } from "../model/captures.ts"
import type { Found } from "../model/found.ts"
import { Marks } from "../model/marks.ts"
import type { View } from "../model/place.ts"
import type { Row } from "../model/rows.ts"
import { titleOf, titleOfRow, viewsOf } from "../model/titles.ts"
import { TabList } from "../parts/tab-list.tsx"

import { Copies } from "./copies.tsx"
import { RequestPart, ResponsePart } from "./message.tsx"
import { Messages } from "./messages.tsx"
import { Notice } from "./notice.tsx"
import { Overview, RowOverview } from "./overview.tsx"
import { Redactions } from "./redactions.tsx"
import { Search } from "./search.tsx"
import { Tls } from "./tls.tsx"

interface Props {
  /** The row that is open, as it is now; undefined where a record alone is. */
  readonly row: Row | undefined
  readonly found: Found | undefined
  readonly effects: ReadonlyArray<CaptureRecord>
  readonly view: View
  readonly captures: Captures
  readonly show: (view: View) => void
  /** Opens another record, by its id. */
  readonly open: (id: string) => void
  readonly lookAgain: () => void
  readonly close: () => void
}

export const Drawer = (props: Props) => {
  const { row, found, view, show, close } = props
  const record = found?._tag === "Record" ? found.record : undefined
  const views = viewsOf(record)
  const shown = views.find(({ name }) => name === view)?.name ?? "overview"
  const title = record === undefined ? titleOfRow(row) : titleOf(record)
  return (
    <aside id="details" aria-labelledby="details-title" data-found={found?._tag}>
      <div class="head">
        <h2 id="details-title">{title.text}</h2>
        <span class="outcome" data-tone={title.tone}>
          {title.outcome}
        </span>
        <button id="close" aria-label="Close" aria-keyshortcuts="Escape" onClick={close}>
          ✕
        </button>
      </div>
      {record === undefined ? null : (
        <div class="tools">
          <TabList label="Parts" id="view" panel="part" tabs={views} chosen={shown} choose={show} />
          {isHttp(record) ? <Copies key={record.id} record={record} /> : null}
        </div>
      )}
      {record === undefined ? (
        <div class="part" id="part" tabIndex={0}>
          <Absent {...props} />
        </div>
      ) : (
        <Part key={`${record.id} ${shown}`} {...props} record={record} view={shown} />
      )}
    </aside>
  )
}

/** What is known without a record, and why there is none. */
const Absent = ({ row, found, captures, lookAgain }: Props) => {
  const isRequest = row === undefined || row.n !== undefined
  return (
    <>
      {found === undefined ? null : (
        <Notice found={found} isRequest={isRequest} captures={captures} lookAgain={lookAgain} />
      )}
      {row === undefined ? null : <RowOverview told={row.told} />}
    </>
  )
}

/** One part of a record; what can be long can be searched. */
const Part = (props: Props & { readonly record: CaptureRecord }) => {
  const { record, view } = props
  const [wanted, setWanted] = useState("")
  const panel = useRef<HTMLDivElement>(null)
  const marks = new Marks(record.redacted ?? [], wanted)
  const isSearched = view === "request" || view === "response" || view === "messages"
  return (
    <>
      {isSearched ? <Search wanted={wanted} search={setWanted} panel={panel} /> : null}
      <div class="part" id="part" role="tabpanel" aria-labelledby={`view-${view}`} tabIndex={0} ref={panel}>
        {partOf(props, marks, wanted !== "")}
      </div>
    </>
  )
}

const partOf = (
  { record, view, row, effects, open }: Props & { readonly record: CaptureRecord },
  marks: Marks,
  isSearching: boolean,
): ComponentChildren => {
  if (view === "tls") return <Tls record={record} />
  if (view === "redacted") return <Redactions places={record.redacted ?? []} />
  if (isHttp(record)) {
    if (view === "request") return <RequestPart record={record} marks={marks} isSearching={isSearching} />
    if (view === "response") return <ResponsePart record={record} marks={marks} isSearching={isSearching} />
    if (view === "messages") return <Messages record={record} marks={marks} />
  }
  return <Overview record={record} row={row} effects={effects} open={open} />
}
