/**
 * Details: everything that is known of one row, with a bar that shows where its time went.
 */
import { Fragment } from "preact"
import { useLayoutEffect, useRef } from "preact/hooks"

import { bytes, duration } from "./format.ts"
import type { Row, Told } from "./rows.ts"

/** Fields as the admin listener names them, in the order that a connection goes through them. */
const stages = [
  ["t_detect", "detect"],
  ["t_handshake", "handshake"],
  ["t_dial", "dial"],
  ["t_first_byte", "first byte"],
] as const

interface Props {
  /** The row that is open; undefined closes the panel. */
  readonly row: Row | undefined
  /** Called when somebody closes it. */
  readonly close: () => void
}

export const Details = ({ row: wanted, close }: Props) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    if (wanted === undefined) dialog.current?.close()
    else if (dialog.current?.open === false) dialog.current.showModal()
  }, [wanted === undefined])
  // What is shown stays while the panel closes.
  const last = useRef<Row | undefined>(undefined)
  last.current = wanted ?? last.current
  const row = last.current
  const kind = row?.told["method"] === undefined ? "Connection" : "Request on connection"
  return (
    <dialog
      id="details"
      ref={dialog}
      aria-labelledby="details-title"
      onClose={close}
      // A click beside the panel closes it, as Escape and its button do.
      onClick={({ target, currentTarget }) => {
        if (target === currentTarget) currentTarget.close()
      }}
    >
      <form method="dialog">
        <h2 id="details-title">
          {kind} {row?.flow}
        </h2>
        <button aria-label="Close">✕</button>
      </form>
      {row === undefined ? null : (
        <>
          <Timing told={row.told} />
          <Facts told={row.told} />
        </>
      )}
    </dialog>
  )
}

/** One piece a stage, as wide as it took; nothing for what is still open. */
const Timing = ({ told }: { readonly told: Told }) => {
  const pieces = piecesOf(told)
  const words = pieces.map(({ name, milliseconds }) => `${name} ${duration(milliseconds)}`)
  if (pieces.length === 0) return null
  return (
    <div class="timing" role="img" aria-label={words.join(", ")}>
      {pieces.map(({ name, share }, i) => (
        <span key={name} class={stageClass(name)} style={{ flexGrow: String(share) }} title={words[i] ?? ""} />
      ))}
    </div>
  )
}

interface Stage {
  readonly name: string
  readonly milliseconds: number
  /** The part of the whole, up to 1: pieces whose shares were less than 1 together would not fill the bar. */
  readonly share: number
}

const piecesOf = (told: Told): ReadonlyArray<Stage> => {
  const total = told["t_total"]
  if (typeof total !== "number" || total <= 0) return []
  const pieces = stages.flatMap(([field, name]): ReadonlyArray<Stage> => {
    const milliseconds = told[field]
    return typeof milliseconds === "number" ? [{ name, milliseconds, share: milliseconds / total }] : []
  })
  const rest = total - pieces.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  return rest > 0 ? [...pieces, { name: "data", milliseconds: rest, share: rest / total }] : pieces
}

const Facts = ({ told }: { readonly told: Told }) => (
  <dl>
    {Object.entries(told)
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([field, value]) => (
        <Fragment key={field}>
          <dt>
            {field.replace(/^t_(.*)/, "$1 time").replaceAll("_", " ")}
            <Mark field={field} />
          </dt>
          <dd>{shown(field, value)}</dd>
        </Fragment>
      ))}
  </dl>
)

/** The colour that a stage has in the bar. */
const Mark = ({ field }: { readonly field: string }) => {
  const stage = stages.find(([name]) => name === field)?.[1]
  return stage === undefined ? null : <i class={stageClass(stage)} />
}

const stageClass = (name: string): string => `stage-${name.replace(" ", "-")}`

const shown = (field: string, value: unknown): string => {
  if (typeof value !== "number") return String(value)
  if (field.startsWith("bytes_")) return bytes(value)
  return field.startsWith("t_") || field === "age" ? duration(value) : String(value)
}
