/**
 * Check rules: whether rules of redaction are understood, for whoever reads them and redacts nothing itself: the redaction
 * is large, and only the thread that makes records loads it.
 */
import { isProblem } from "../../observe/filter/problem.ts"
import { parseRecordFilter } from "../filter/record-filter.ts"
import type { CaptureRecord } from "../record.ts"
import { type ParseFilter, parseRules } from "../redact/rules.ts"

/** What is wrong with the rules that were read from a file; empty where nothing is. */
export const problemsOfRules = (value: unknown): ReadonlyArray<string> => {
  const parsed = parseRules<CaptureRecord>(value, filterOrProblem)
  return "problems" in parsed ? parsed.problems : []
}

/** Reads the filters that stand in rules. */
export const filterOrProblem: ParseFilter<CaptureRecord> = (text) => {
  const parsed = parseRecordFilter(text)
  return isProblem(parsed) ? parsed.problem : parsed.matches
}
