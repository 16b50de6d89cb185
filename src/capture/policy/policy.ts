/**
 * Policy: what of that which was heard becomes a record, and what of a record is secret, by the settings in force.
 *
 * As plain data, which can be handed to another thread, and made into functions where records are made. Whoever writes a
 * policy has checked its filters and its rules: `makePolicy` throws for what is not understood, for to record anything
 * else than what was asked for would be worse than to record nothing.
 */
import { mayWantProbes, parseRecordFilter } from "../filter/record-filter.ts"
import { isProblem } from "../../observe/filter/problem.ts"
import type { CaptureRecord, FieldList } from "../record.ts"
import type { Redactable } from "../redact/redactable.ts"
import { makeRedactor } from "../redact/redactor.ts"
import { parseRules, type Rules } from "../redact/rules.ts"
import type { Digest } from "../redact/tokens.ts"
import { valueOf } from "../url.ts"

import { filterOrProblem } from "./check-rules.ts"
import { isDrawn, traceIdOf } from "./sample.ts"

/** Every field can be cloned. */
export interface PolicyData {
  /** What is recorded; a filter of records, empty for everything. */
  readonly filter: string
  /** What is recorded whatever the sample says; undefined where that is nothing. */
  readonly keep: string | undefined
  /** Percent of traces, or else of connections, that are recorded. */
  readonly sample: number
  /** The object that was read from a rules file, undefined without one; `off` replaces nothing. */
  readonly redaction: "off" | { readonly rules: unknown }
}

/** What is known before a record is made. */
export interface Drawable {
  readonly flow: number
  /** Of the request, if it is one. */
  readonly headers: FieldList
}

export interface Policy {
  /** Whether probes could be wanted: where not, nothing of them needs to be copied. */
  readonly wantsProbes: boolean
  /** Whether all is drawn, so that nobody needs to ask. */
  readonly drawsAll: boolean
  /** Whether something is recorded although it was not drawn: then every record has to be made and looked at. */
  readonly keepsUndrawn: boolean
  readonly draws: (drawable: Drawable) => boolean
  /** Why a record is not wanted, which was redacted; undefined where it is. */
  readonly refuses: (record: CaptureRecord, drawn: boolean) => "filter" | "sample" | undefined
  /** Replaces what is secret. Never throws. */
  readonly redact: <A extends CaptureRecord & Redactable>(record: A) => A
}

export interface PolicyTools {
  /** By the capture's key. */
  readonly digest: Digest
  /** Milliseconds from any beginning, which never goes back. */
  readonly now: () => number
  /** A number of the process, so that not every one draws the connections with the same numbers. */
  readonly salt: number
}

/** Throws where a filter or the rules are not understood. */
export const makePolicy = ({ filter, keep, sample, redaction }: PolicyData, tools: PolicyTools): Policy => {
  const wanted = filterOf(filter)
  const kept = keep === undefined ? undefined : filterOf(keep)
  const redact =
    redaction === "off"
      ? <A>(record: A): A => record
      : makeRedactor<CaptureRecord>({ rules: rulesOf(redaction.rules), digest: tools.digest, now: tools.now })
  return {
    wantsProbes: mayWantProbes(wanted.expression),
    drawsAll: sample >= 100,
    keepsUndrawn: kept !== undefined,
    draws: ({ flow, headers }) => isDrawn(sample, traceIdOf(valueOf(headers, "traceparent")), flow, tools.salt),
    refuses: (record, drawn) => {
      if (!wanted.matches(record)) return "filter"
      return drawn || kept?.matches(record) === true ? undefined : "sample"
    },
    redact,
  }
}

const filterOf = (text: string) => {
  const parsed = parseRecordFilter(text)
  if (isProblem(parsed)) throw new Error(`the filter ${JSON.stringify(text)} ${parsed.problem}`)
  return parsed
}

const rulesOf = (value: unknown): Rules<CaptureRecord> => {
  const parsed = parseRules<CaptureRecord>(value, filterOrProblem)
  if ("problems" in parsed) throw new Error(`the rules of redaction: ${parsed.problems.join("; ")}`)
  return parsed.rules
}
