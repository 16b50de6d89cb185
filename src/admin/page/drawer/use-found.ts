/**
 * Use found: looks a record up when another one is wanted, and what it caused.
 */
import { useEffect, useRef, useState } from "preact/hooks"

import type { CaptureRecord } from "../../../capture/record.ts"
import type { Captures } from "../model/captures.ts"
import { type Found, lookUp, type Wanted } from "../model/found.ts"

/** Milliseconds that somebody must stay with a row: who walks through many looks at none of them. */
const settle = 120

/** What is found, and what looks once more. `learn` is called with the id of each record that is found. */
export const useFound = (
  captures: Captures,
  wanted: Wanted | undefined,
  learn: (id: string) => void,
): readonly [Found | undefined, () => void] => {
  const [found, setFound] = useState<Found | undefined>(undefined)
  const [attempt, setAttempt] = useState(0)
  /** The id of the record that is shown. */
  const shown = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (wanted?.id !== undefined && wanted.id === shown.current) return undefined
    shown.current = undefined
    setFound(wanted === undefined ? undefined : { _tag: "Looking" })
    if (wanted === undefined) return undefined
    let isStale = false
    const look = async (): Promise<void> => {
      const next = await lookUp(captures, wanted)
      if (isStale) return
      setFound(next)
      if (next._tag !== "Record") return
      shown.current = next.record.id
      learn(next.record.id)
    }
    const timer = setTimeout(() => void look(), settle)
    return () => {
      isStale = true
      clearTimeout(timer)
    }
  }, [captures, wanted?.id, wanted?.flow, wanted?.n, attempt])
  return [found, () => setAttempt(attempt + 1)]
}

/** The records that a record caused, as soon as they are known. */
export const useEffects = (captures: Captures, id: string | undefined): ReadonlyArray<CaptureRecord> => {
  const [effects, setEffects] = useState<ReadonlyArray<CaptureRecord>>([])
  useEffect(() => {
    setEffects([])
    if (id === undefined) return undefined
    let isStale = false
    const look = async (): Promise<void> => {
      const answer = await captures.effects(id)
      if (!isStale && answer._tag === "Answered") setEffects(answer.value)
    }
    void look()
    return () => {
      isStale = true
    }
  }, [captures, id])
  return effects
}
