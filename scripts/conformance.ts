/**
 * Conformance: plays the cases of test/conformance against ours, or against another's proxy, and prints what differed.
 */
import { parseArgs } from "node:util"
import { type Group, groups } from "../test/conformance/cases.ts"
import { type Case, playCase, startSubject, type Subject } from "../test/conformance/runner.ts"

const usage = `bun run conformance [-- options]

  --against host:port  another's proxy, without the cases that only make sense for ours
  --only H,C05         the cases whose ids begin so`

interface Result {
  readonly id: string
  /** What differed; undefined where the case held. */
  readonly differed: string | undefined
}

interface Options {
  readonly help: boolean
  /** Undefined plays against ours. */
  readonly against: Subject | undefined
  /** Empty for all. */
  readonly only: string
}

/** Throws an Error that says what is wrong with the arguments. */
const parse = (args: ReadonlyArray<string>): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: { against: { type: "string" }, only: { type: "string" }, help: { type: "boolean", short: "h" } },
  })
  const { against, only = "", help = false } = values
  return { help, against: against === undefined ? undefined : subjectOf(against), only }
}

const subjectOf = (authority: string): Subject => {
  const [, host, port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(authority) ?? []
  if (host === undefined) throw new Error(`--against ${authority}: write host:port`)
  return { host, port: Number(port) }
}

/** Plays everything that fits; returns the exit code: 1 where ours did not hold a case. */
const conformance = async ({ against, only }: Options): Promise<number> => {
  const beginnings = only.split(",")
  const fits = (each: Case): boolean =>
    beginnings.some((beginning) => each.id.startsWith(beginning)) && (against === undefined || each.ours !== true)
  const chosen = groups.map(({ title, cases }) => ({ title, cases: cases.filter(fits) }))
  if (against !== undefined) {
    await playAll(chosen, against)
    return 0
  }
  const results = await playOurs(chosen)
  return results.some(({ differed }) => differed !== undefined) ? 1 : 0
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

const optionsOrExit = (): Options => {
  try {
    return parse(process.argv.slice(2))
  } catch (problem) {
    console.error(`pillion: ${problem instanceof Error ? problem.message : String(problem)}\n\n${usage}`)
    process.exit(2)
  }
}

const options = optionsOrExit()
if (options.help) console.log(usage)
else process.exit(await conformance(options))
