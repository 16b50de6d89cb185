/**
 * Redact: what redaction replaced in a capture, by rule and place, what the rules in force would replace besides, and what
 * looks secret and stays. Changes nothing.
 */
import * as Effect from "effect/Effect"

import { shortId } from "../../capture/ids.ts"
import { suspectsOf } from "../../capture/suspects/suspects.ts"
import { visibleLine } from "../../capture/text.ts"
import { type ConfigError, usageError } from "../../config/error.ts"
import type { Outcome } from "../command-line/outcome.ts"
import { nothingText } from "./ls.ts"
import { doneWith, failedWith, jsonLine } from "./screen.ts"
import { readSelected, type Selection } from "./selection.ts"
import type { CaptureRecord } from "../../capture/record.ts"
import type { RecordSource, Unreadable } from "./source.ts"

export interface RedactArgs {
  readonly test: boolean
  readonly json: boolean
  /** By the rules in force, which need not be those of the capture. */
  readonly redact: (record: CaptureRecord) => CaptureRecord
}

/** In the order in which they are shown: the rules in force replace what is `unreplaced`. */
const kinds = ["replaced", "unreplaced", "suspect"] as const

/** What was found at one place, in all records together. */
interface Finding {
  readonly what: (typeof kinds)[number]
  /** Of what is replaced. */
  readonly rule?: string
  /** Elements of arrays are one place. */
  readonly place: string
  /** Of a suspect, its beginning. */
  readonly sample?: string
  /** The last record that has it. */
  record: string
  count: number
}

/** Places that are counted one by one; the rest is in the totals only. */
export const maxFindings = 1000

/** Ends with 0 whatever was found: that something looks secret is a guess. */
export const redact = (
  source: RecordSource,
  selection: Selection,
  { test, json, redact: redactRecord }: RedactArgs,
): Effect.Effect<Outcome, Unreadable | ConfigError> => {
  if (!test) return Effect.fail(usageError("redact changes nothing yet: write redact --test"))
  const findings = new Findings(redactRecord)
  return Effect.map(
    readSelected(
      source,
      selection,
      (record) => record,
      (record) => findings.add(record),
    ),
    (notes) => {
      if (findings.records === 0) return failedWith(nothingText(selection), notes)
      return doneWith(json ? findings.sorted().map(jsonLine).join("") : textOf(findings), notes)
    },
  )
}

class Findings {
  records = 0
  /** Of `maxFindings` places and more: how often something was found elsewhere. */
  others = 0
  private readonly found = new Map<string, Finding>()
  private readonly redact: RedactArgs["redact"]

  constructor(redactRecord: RedactArgs["redact"]) {
    this.redact = redactRecord
  }

  add(record: CaptureRecord): void {
    this.records++
    const redacted = this.redact(record)
    const before = record.redacted?.length ?? 0
    for (const [i, { path, rule }] of (redacted.redacted ?? []).entries()) {
      const what = i < before ? "replaced" : "unreplaced"
      this.count(record, { what, rule, place: path.replaceAll(/\[\d+\]/g, "[*]") })
    }
    for (const suspect of suspectsOf(redacted)) this.count(record, { what: "suspect", ...suspect })
  }

  /** By what was found, then the most frequent first. */
  sorted(): ReadonlyArray<Finding> {
    return [...this.found.values()].toSorted((a, b) =>
      a.what === b.what ? b.count - a.count : kinds.indexOf(a.what) - kinds.indexOf(b.what),
    )
  }

  private count(record: CaptureRecord, finding: Omit<Finding, "record" | "count">): void {
    const key = `${finding.what} ${finding.rule ?? ""} ${finding.place}`
    const known = this.found.get(key)
    if (known !== undefined) {
      known.count++
      known.record = record.id
    } else if (this.found.size < maxFindings) this.found.set(key, { ...finding, record: record.id, count: 1 })
    else this.others++
  }
}

const textOf = (findings: Findings): string => {
  const all = findings.sorted()
  const of = (what: Finding["what"]): ReadonlyArray<Finding> => all.filter((finding) => finding.what === what)
  const unreplaced = section("not replaced in the capture, and replaced by the rules in force", of("unreplaced"))
  return [
    ...section("replaced", of("replaced"), "nothing was replaced"),
    ...(unreplaced.length === 0 ? [] : ["", ...unreplaced]),
    "",
    ...section("looks secret and is not replaced", of("suspect"), "nothing else looks secret"),
    "",
    `${findings.records === 1 ? "1 record" : `${findings.records} records`}${
      findings.others === 0 ? "" : `, and ${findings.others} findings at other places`
    }`,
    "",
  ].join("\n")
}

/** Rows below a title; `none` where there are none. */
const section = (title: string, findings: ReadonlyArray<Finding>, none?: string): ReadonlyArray<string> => {
  if (findings.length === 0) return none === undefined ? [] : [none]
  const rows = findings.map((finding) => [
    String(finding.count),
    visibleLine(finding.place),
    visibleLine(finding.rule ?? finding.sample ?? ""),
    shortId(finding.record),
  ])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return [
    title,
    ...rows.map(([count = "", place = "", word = "", id = ""]) =>
      `${count.padStart(widths[0]! + 2)}  ${place.padEnd(widths[1]!)}  ${word.padEnd(widths[2]!)}  ${id}`.trimEnd(),
    ),
  ]
}
