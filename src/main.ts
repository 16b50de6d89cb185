/**
 * Main: from the command line to a command to an exit code. The only file that exits.
 */
// oxlint-disable-next-line import/no-unassigned-import -- it works by being loaded first
import "./plain-fibers.ts"

import { once } from "node:events"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"

import { type Invocation, parse } from "./cli/command-line/args.ts"
import { checkConfigJson, checkConfigText } from "./cli/check-config.ts"
import { readCaptureFiles } from "./cli/capture/capture-files.ts"
import { ChildNotStarted } from "./cli/run/child.ts"
import { ownTokenPlaces } from "./cli/running/admin-token.ts"
import { completions } from "./cli/completions/completions.ts"
import { env } from "./cli/clients/env.ts"
import { help } from "./cli/help/help.ts"
import { load, surroundings } from "./cli/load.ts"
import { done, failed, type Outcome } from "./cli/command-line/outcome.ts"
import { recordDefaults } from "./cli/run/record.ts"
import type { RecordsCommand } from "./cli/records/records.ts"
import type { Read } from "./cli/run/run.ts"
import { Signals } from "./cli/command-line/signals.ts"
import { Terminal } from "./cli/run/terminal.ts"
import { version, versionJson, versionText } from "./cli/command-line/version.ts"
import { ConfigError } from "./config/error.ts"
import { exitCode } from "./config/exit-codes.ts"
import type { Loaded } from "./config/sources.ts"
import { leadsToJournal, priority } from "./observe/log/journal.ts"
import { ListenFailed } from "./flow/listen-failed.ts"

const signals = new Signals()

const execute = (invocation: Invocation): Effect.Effect<Outcome, unknown> => {
  switch (invocation.command) {
    case "help":
      return Effect.succeed(done(help(invocation.topic)))
    case "version":
      return Effect.succeed(done(invocation.json ? versionJson() : versionText()))
    case "completions":
      return Effect.map(Effect.fromResult(completions(invocation.shell)), done)
    case "run":
    case "record":
      return Effect.flatMap(Effect.fromResult(readAll(invocation)), (all) => serve(invocation, all))
    case "check-config":
      return Effect.map(Effect.fromResult(readAll(invocation)), ({ loaded: settings }) => ({
        stdout: invocation.json ? checkConfigJson(settings) : checkConfigText(settings),
        stderr: settings.warnings.map((warning) => `pillion: ${warning}\n`).join(""),
        code: exitCode("done"),
      }))
    case "env":
      return Effect.map(loaded(invocation), ({ settings }) => env(settings, invocation, process.env))
    case "healthcheck":
    case "top":
    case "tap":
    case "open":
    case "capture":
    case "drain":
      return askRunning(invocation.command, invocation)
    case "lint":
      return Effect.flatMap(
        Effect.promise(() => import("./cli/records/lint.ts")),
        ({ lint }) => lint(invocation.operands, invocation),
      )
    case "ls":
    case "show":
    case "search":
    case "diff":
    case "export":
    case "save":
    case "redact":
      return readRecords(invocation.command, invocation)
  }
}

/** The commands that ask the running proxy, but for those that read records. */
type AskingCommand = "healthcheck" | "top" | "tap" | "open" | "capture" | "drain"

const askRunning = (command: AskingCommand, invocation: Invocation): Effect.Effect<Outcome, unknown> => {
  switch (command) {
    case "healthcheck":
      return withSettings(
        invocation,
        () => import("./cli/running/healthcheck.ts"),
        ({ healthcheck }, { settings }) => healthcheck(settings, invocation),
      )
    case "top":
      return withSettings(
        invocation,
        () => import("./cli/watch/top.ts"),
        ({ top }, { settings }) => top(settings, invocation),
      )
    case "tap":
      return withSettings(
        invocation,
        () => import("./cli/watch/tap.ts"),
        ({ tap }, { settings }) => tap(settings, { ...invocation, bodies: invocation.given.has("bodies") }, screen),
      )
    case "open":
      return withSettings(
        invocation,
        () => import("./cli/running/open.ts"),
        ({ open }, { settings }) =>
          open(settings, { environment: process.env, places: ownTokenPlaces(process.env), print: screen.print }),
      )
    case "capture":
      return withSettings(
        invocation,
        () => import("./cli/running/capture.ts"),
        ({ captureCommand }, { settings }) =>
          captureCommand(settings, { word: invocation.operands[0] ?? "status", json: invocation.json }),
      )
    case "drain":
      return withSettings(
        invocation,
        () => import("./cli/running/drain.ts"),
        ({ drain }, { settings }) => drain(settings),
      )
  }
}

const readRecords = (command: RecordsCommand, invocation: Invocation): Effect.Effect<Outcome, unknown> =>
  withSettings(
    invocation,
    () => import("./cli/records/records.ts"),
    ({ records, partsOf }, read) => records(command, invocation, read, partsOf(writing(), version.version)),
  )

/** Runs a command that is loaded when the settings are read. */
const withSettings = <M>(
  invocation: Invocation,
  module: () => Promise<M>,
  command: (module: M, read: Loaded) => Effect.Effect<Outcome, unknown>,
): Effect.Effect<Outcome, unknown> =>
  Effect.flatMap(loaded(invocation), (read) => Effect.flatMap(Effect.promise(module), (found) => command(found, read)))

const loaded = (invocation: Invocation): Effect.Effect<Loaded, ConfigError> => Effect.fromResult(read(invocation))

const read = ({ command, flags, rest }: Invocation) =>
  load(flags, surroundings(rest !== undefined, command === "record" ? recordDefaults : undefined))

/** The settings, and the files that they name for a capture. */
const readAll = (invocation: Invocation): Result.Result<Read, ConfigError> =>
  Result.flatMap(read(invocation), (settings) =>
    Result.map(readCaptureFiles(settings), (files) => ({ loaded: settings, files })),
  )

const serve = (invocation: Invocation, all: Read): Effect.Effect<Outcome, unknown> => {
  const command = invocation.rest
  const controlling = new Terminal()
  const terminal = controlling.look() ? controlling : undefined
  signals.install(command === undefined ? "proxy" : terminal === undefined ? "program without a terminal" : "program")
  const reread = () => readAll(invocation)
  const isRecording = invocation.command === "record"
  return Effect.promise(() => import("./cli/run/run.ts")).pipe(
    Effect.flatMap(({ run }) => run({ read: all, reread, signals, terminal, command, isRecording })),
    Effect.map((code) => ({ ...done(""), code })),
  )
}

/** For a command that says something before its end; it ends when nobody listens. */
const screen = {
  print: (text: string): boolean => writing().write(text),
  relief: (): Promise<unknown> | undefined => (writing().writableNeedDrain ? once(writing(), "drain") : undefined),
}

const writing = (): NodeJS.WriteStream => {
  if (process.stdout.listenerCount("error") === 0) process.stdout.on("error", () => process.exit(0))
  return process.stdout
}

/** What a failure is called on stderr, and its exit code. */
const outcomeOf = (cause: Cause.Cause<unknown>): Outcome => {
  const error = Cause.squash(cause)
  if (error instanceof ConfigError) return { ...failed(error.message), code: error.exitCode }
  if (error instanceof ListenFailed) return { ...failed(error.message), code: exitCode("cannotListen") }
  if (error instanceof ChildNotStarted) return { ...failed(error.message), code: error.exitCode }
  return failed(`a defect: ${Cause.pretty(cause)}`)
}

const invocation = parse(process.argv.slice(2))
const program = Result.isFailure(invocation) ? Effect.fail(invocation.failure) : execute(invocation.success)

Effect.runFork(program).addObserver((exit) => {
  const { stdout, stderr, code } = Exit.isSuccess(exit) ? exit.value : outcomeOf(exit.cause)
  process.exitCode = code
  // A pipe takes what is written when it can; the process must not end before.
  // Where systemd's journal reads along, a failure is an error there too.
  if (stderr !== "") process.stderr.write((code !== 0 && leadsToJournal(2, process.env) ? priority.error : "") + stderr)
  if (stdout === "") process.exit(code)
  process.stdout.on("error", () => process.exit(code)).write(stdout, () => process.exit(code))
})
