/**
 * Redact: what redaction replaced in a capture, by rule and place, and what looks secret and stayed. Changes nothing.
 */
import * as Effect from "effect/Effect"

import { shortId } from "../../capture/ids.ts"
import { suspectsOf } from "../../capture/suspects/suspects.ts"
import { visibleLine } from "../../capture/text.ts"
import { type ConfigError, usageError } from "../../config/error.ts"
import type { Outcome } from "../command-line/outcome.ts"
import { nothingText } from "./ls.ts"
import { doneWith, failedWith, jsonLine } from "./screen.ts"
import { isSince, Newest, type Selection } from "./selection.ts"
import type { CaptureRecord } from "../../capture/record.ts"
import type { RecordSource, Unreadable } from "./source.ts"

export interface RedactArgs {
  readonly test: boolean
  readonly json: boolean
}

/** What was found at one place, in all records together. */
interface Finding {
  readonly what: "replaced" | "suspect"
  /** Of what was replaced. */
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
  { test, json }: RedactArgs,
): Effect.Effect<Outcome, Unreadable | ConfigError> => {
  if (!test) return Effect.fail(usageError("redact changes nothing yet: write redact --test"))
  const findings = new Findings()
  const newest = selection.limit === undefined ? undefined : new Newest<CaptureRecord>(selection.limit)
  return Effect.map(
    source.read(selection, (record) => {
      if (!isSince(selection, record)) return
      if (newest === undefined) findings.add(record)
      else newest.add(record)
    }),
    (notes) => {
      for (const record of newest?.newest() ?? []) findings.add(record)
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

  add(record: CaptureRecord): void {
    this.records++
    for (const { path, rule } of record.redacted ?? []) {
      this.count(record, { what: "replaced", rule, place: path.replaceAll(/\[\d+\]/g, "[*]") })
    }
    for (const suspect of suspectsOf(record)) this.count(record, { what: "suspect", ...suspect })
  }

  /** By what was found, then the most frequent first. */
  sorted(): ReadonlyArray<Finding> {
    return [...this.found.values()].toSorted((a, b) =>
      a.what === b.what ? b.count - a.count : a.what === "replaced" ? -1 : 1,
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
  const replaced = all.filter(({ what }) => what === "replaced")
  const suspects = all.filter(({ what }) => what === "suspect")
  return [
    ...section("replaced", "nothing was replaced", replaced, ({ rule = "" }) => rule),
    "",
    ...section("looks secret and was not replaced", "nothing else looks secret", suspects, ({ sample = "" }) => sample),
    "",
    `${findings.records} records${findings.others === 0 ? "" : `, and ${findings.others} findings at other places`}`,
    "",
  ].join("\n")
}

const section = (
  title: string,
  none: string,
  findings: ReadonlyArray<Finding>,
  wordOf: (finding: Finding) => string,
): ReadonlyArray<string> => {
  if (findings.length === 0) return [none]
  const rows = findings.map((finding) => [
    String(finding.count),
    visibleLine(finding.place),
    visibleLine(wordOf(finding)),
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
