/**
 * Found: what there is to show of a row or of the id of a record, or why there is nothing.
 */
import type { CaptureRecord } from "../../../capture/record.ts"

import type { Captures } from "./captures.ts"

/** What is looked for: the record of an id; else that of a request, or of a connection, where it has no number `n`. */
export interface Wanted {
  readonly id: string | undefined
  readonly flow: number
  readonly n: number | undefined
}

export type Found =
  | { readonly _tag: "Looking" }
  | { readonly _tag: "Record"; readonly record: CaptureRecord }
  /** There is no record; whether records are kept at present. */
  | { readonly _tag: "Missing"; readonly isOn: boolean }
  | { readonly _tag: "Locked"; readonly isKnown: boolean }
  | { readonly _tag: "Failed"; readonly why: string }

/** Never rejects. */
export const lookUp = async (captures: Captures, { id, flow, n }: Wanted): Promise<Found> => {
  const found =
    id !== undefined
      ? await captures.record(id)
      : n === undefined
        ? await captures.recordOfConnection(flow)
        : await captures.recordOfRequest(flow, n)
  if (found._tag !== "Answered") return found
  if (found.value !== undefined) return { _tag: "Record", record: found.value }
  const isOn = await captures.isOn()
  return isOn._tag === "Answered" ? { _tag: "Missing", isOn: isOn.value } : isOn
}
