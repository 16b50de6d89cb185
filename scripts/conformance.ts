/**
 * Conformance: plays the cases of test/conformance against ours, or against another's proxy, and prints what differed.
 *
 * bun run conformance [-- [--against host:port] [--only H,C05]]
 *
 * `--only` takes beginnings of ids. Against another's proxy the cases that only make sense for ours are left out.
 */
import { parseArgs } from "node:util"
import { type Group, groups } from "../test/conformance/cases.ts"
import { type Case, playCase, startSubject, type Subject } from "../test/conformance/runner.ts"

interface Result {
  readonly id: string
  /** What differed; undefined where the case held. */
  readonly differed: string | undefined
}

/** Plays everything that fits; returns the exit code: 1 where ours did not hold a case. */
export const conformance = async (arguments_: ReadonlyArray<string>): Promise<number> => {
  const { values } = parseArgs({
    args: [...arguments_],
    options: { against: { type: "string" }, only: { type: "string" } },
  })
  const beginnings = (values.only ?? "").split(",")
  const fits = (each: Case): boolean =>
    beginnings.some((beginning) => each.id.startsWith(beginning)) &&
    (values.against === undefined || each.ours !== true)
  const chosen = groups.map(({ title, cases }) => ({ title, cases: cases.filter(fits) }))
  const results =
    values.against === undefined ? await playOurs(chosen) : await playAll(chosen, subjectOf(values.against))
  return values.against === undefined && results.some(({ differed }) => differed !== undefined) ? 1 : 0
}

const subjectOf = (authority: string): Subject => {
  const [, host, port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(authority) ?? []
  if (host === undefined) throw new Error(`--against ${authority}: write host:port`)
  return { host, port: Number(port) }
}

const playOurs = async (chosen: ReadonlyArray<Group>): Promise<ReadonlyArray<Result>> => {
  await using subject = await startSubject()
  return await playAll(chosen, subject)
}

const playAll = async (chosen: ReadonlyArray<Group>, subject: Subject): Promise<ReadonlyArray<Result>> => {
  const all: Array<Result> = []
  const sums: Array<string> = []
  for (const { title, cases } of chosen) {
    if (cases.length === 0) continue
    console.log(`\n${title}`)
    let held = 0
    for (const each of cases) {
      const result = await play(each, subject)
      all.push(result)
      if (result.differed === undefined) held++
      console.log(`  ${each.id.padEnd(7)}${result.differed === undefined ? "held    " : "DIFFERED"}  ${each.name}`)
      if (result.differed !== undefined) console.log(`                   ${each.clause}: ${result.differed}`)
    }
    sums.push(`| ${title.padEnd(30)} | ${String(held).padStart(4)} of ${String(cases.length).padEnd(4)} |`)
  }
  const held = all.filter(({ differed }) => differed === undefined).length
  console.log(`\n${sums.join("\n")}\n\n${held} held of ${all.length}`)
  return all
}

const play = async (each: Case, subject: Subject): Promise<Result> => {
  try {
    await playCase(each, subject)
    return { id: each.id, differed: undefined }
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    return { id: each.id, differed: text.replaceAll(/\s+/g, " ").slice(0, 200) }
  }
}

if (import.meta.main) process.exit(await conformance(process.argv.slice(2)))
