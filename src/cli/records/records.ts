/**
 * Records: the commands that read records, from the command line to their outcome.
 */
import { createHmac } from "node:crypto"
import * as Effect from "effect/Effect"

import { makePolicy, type PolicyData } from "../../capture/policy/policy.ts"
import type { CaptureRecord } from "../../capture/record.ts"
import { readCaptureFiles } from "../capture/capture-files.ts"

import type { ConfigError } from "../../config/error.ts"
import type { Loaded } from "../../config/sources.ts"
import type { Invocation } from "../command-line/args.ts"
import { type CommandFlag, type CommandName, exportFormats, messageSides } from "../command-line/commands.ts"
import type { Outcome } from "../command-line/outcome.ts"
import { diff } from "./diff.ts"
import { exportRecords } from "./export.ts"
import { fileSource } from "./file-source.ts"
import { ls } from "./ls.ts"
import { redact } from "./redact.ts"
import { runningSource } from "./running-source.ts"
import { save } from "./save.ts"
import { failedWith, type Screen, screenOf } from "./screen.ts"
import { search } from "./search.ts"
import { type Selection, selectionOf } from "./selection.ts"
import { show } from "./show.ts"
import { type RecordSource, recordsOf, Unreadable } from "./source.ts"
import { type Write, writeTo } from "./write.ts"

/** What the commands of this folder need of the process. */
export interface RecordsParts {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly screen: Screen
  readonly stdin: AsyncIterable<Uint8Array>
  readonly write: Write
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Of the program. */
  readonly version: string
}

/** Those of this process. */
export const partsOf = (stdout: NodeJS.WriteStream, version: string): RecordsParts => ({
  environment: process.env,
  screen: screenOf(stdout, process.env),
  stdin: process.stdin,
  write: writeTo(stdout),
  now: Date.now(),
  version,
})

export type RecordsCommand = Extract<CommandName, "ls" | "show" | "search" | "diff" | "export" | "save" | "redact">

/** Runs the command; that there is nothing to read is an outcome, wrong words are a failure. */
export const records = (
  command: RecordsCommand,
  invocation: Invocation,
  loaded: Loaded,
  parts: RecordsParts,
): Effect.Effect<Outcome, ConfigError> =>
  Effect.gen(function* () {
    // What is wrong in the command line is said before anybody is asked.
    const flags = { filter: invocation.filter, since: textOf(invocation, "since"), limit: textOf(invocation, "limit") }
    const selection = yield* Effect.fromResult(selectionOf(flags, parts.now))
    const source = lazySource(invocation, loaded, parts)
    if (command !== "redact") return yield* execute(command, invocation, selection, source, parts)
    const { redaction } = yield* Effect.fromResult(readCaptureFiles(loaded))
    const args = { test: invocation.given.has("test"), json: invocation.json, redact: redactorOf(redaction) }
    return yield* redact(source, selection, args)
  }).pipe(
    Effect.catch((error) =>
      error instanceof Unreadable ? Effect.succeed(failedWith(error.message)) : Effect.fail(error),
    ),
  )

/** A source that is opened when it is read. */
const lazySource = (invocation: Invocation, { settings }: Loaded, parts: RecordsParts): RecordSource => {
  const from = textOf(invocation, "from")
  const opened =
    from === undefined ? runningSource(settings, parts.environment) : Effect.succeed(fileSource(from, parts.stdin))
  return { read: (wanted, take) => Effect.flatMap(opened, (source) => recordsOf(source).read(wanted, take)) }
}

const execute = (
  command: Exclude<RecordsCommand, "redact">,
  invocation: Invocation,
  selection: Selection,
  source: RecordSource,
  parts: RecordsParts,
): Effect.Effect<Outcome, ConfigError | Unreadable> => {
  const { operands, json } = invocation
  const { screen, write, version } = parts
  const [first = "", second = ""] = operands
  switch (command) {
    case "ls":
      return ls(source, selection, { tree: invocation.given.has("tree"), json }, screen)
    case "show":
      return show(source, { id: first, json, ...waysOf(invocation) }, parts)
    case "search":
      return search(source, selection, { text: first, json }, write)
    case "diff":
      return diff(source, { ids: [first, second], json }, screen)
    case "export":
      // The command line knows no other word.
      return exportRecords(source, selection, exportFormats.find((each) => each === first) ?? "har", version, write)
    case "save":
      return save(source, selection, { to: textOf(invocation, "to"), json })
  }
}

/** By a key of its own: what is replaced is counted here, and never shown. */
const redactorOf = (redaction: PolicyData["redaction"]): (<A extends CaptureRecord>(record: A) => A) => {
  const key = crypto.getRandomValues(new Uint8Array(32))
  const digest = (value: string): string => createHmac("sha256", key).update(value).digest("hex")
  const data: PolicyData = { filter: "", keep: undefined, sample: 100, redaction }
  return makePolicy(data, { digest, now: () => performance.now(), salt: 0 }).redact
}

const waysOf = (invocation: Invocation) => {
  const sideOf = (flag: "raw" | "body") => messageSides.find((side) => side === invocation.given.get(flag))
  return {
    curl: invocation.given.has("curl"),
    har: invocation.given.has("har"),
    raw: sideOf("raw"),
    body: sideOf("body"),
  }
}

const textOf = ({ given }: Invocation, flag: CommandFlag): string | undefined => {
  const value = given.get(flag)
  return typeof value === "string" ? value : undefined
}
