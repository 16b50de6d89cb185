/**
 * Top: a live view of the running proxy in the terminal. Where there is none, or one that can only write lines, it prints
 * one screen, or with `--json` one object, and ends.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Open } from "../../admin/connections.ts"
import { usageError } from "../../config/error.ts"
import type { Settings } from "../../config/settings.ts"
import { parseFilter } from "../../observe/filter/entry-filter.ts"
import { isProblem } from "../../observe/filter/problem.ts"
import { wantsColor } from "../../observe/log/log.ts"
import { get } from "../running/admin-client.ts"
import type { ReportedDestination } from "../../observe/metrics/destination.ts"
import { NoAnswer } from "../running/ask.ts"
import { done, failed, type Outcome } from "../command-line/outcome.ts"
import { runningPort } from "../running/ports.ts"
import { isEntry } from "./tap.ts"
import { press } from "./top-keys.ts"
import { destinationsOf } from "./top-destinations.ts"
import { advance, type Look, percentile, scopeOf, type TopModel } from "./top-model.ts"
import { screen } from "./top-screen.ts"
import { totalsFor } from "./top-summary.ts"
import type { View } from "./top-view.ts"

/** Lines of a screen that is printed: more than the destinations that there can be. */
const maxPlainRows = 5000
/** Milliseconds between two looks. */
const lookEvery = 1000

export interface TopArgs {
  readonly filter: string
  readonly json: boolean
}

/** Shows until somebody presses q; succeeds at once where there is no terminal. */
export const top = (settings: Settings, { filter, json }: TopArgs): Effect.Effect<Outcome, unknown> => {
  const parsed = parseFilter(filter)
  if (isProblem(parsed)) return Effect.fail(usageError(`the filter ${JSON.stringify(filter)} ${parsed.problem}`))
  const port = runningPort(settings, "admin")
  if (Result.isFailure(port)) return Effect.succeed(failed(port.failure))
  // A dumb terminal (Emacs, a build log) can neither place the cursor nor clear the screen.
  const dumb = process.env["TERM"] === "dumb"
  const terminal = process.stdout.isTTY === true && process.stdin.isTTY === true && !json && !dumb
  const view: View = {
    columns: process.stdout.columns || 80,
    rows: process.stdout.rows || 24,
    color: wantsColor(process.stdout.isTTY === true, process.env),
    list: "destinations",
    sort: "rate",
    filter: parsed.matches,
    filterText: filter,
    typing: undefined,
    chosen: undefined,
    opened: undefined,
    scroll: 0,
    problem: undefined,
    paused: false,
  }
  return Effect.flatMap(look(port.success, 0), ({ seen, next }) =>
    terminal
      ? Effect.as(watch(port.success, next, advance(undefined, seen), view), done(""))
      : Effect.map(Effect.delay(look(port.success, next), lookEvery), (second) => {
          const model = advance(advance(undefined, seen), second.seen)
          return done(json ? `${JSON.stringify(summaryOf(model, view))}\n` : plain(model, view))
        }),
  ).pipe(
    Effect.catchIf(
      (error) => error instanceof NoAnswer,
      ({ message }) => Effect.succeed(failed(message)),
    ),
  )
}

/** A screen for a file or a pipe: without what is only for the keyboard, and as long as it takes. */
const plain = (model: TopModel, view: View): string => {
  const { lines } = screen(model, { ...view, rows: maxPlainRows, color: false })
  const text = lines.slice(
    0,
    lines.findLastIndex((line) => line.startsWith(" q ")),
  )
  return `${text.join("\n").trimEnd()}\n`
}

const summaryOf = (model: TopModel, view: View): object => {
  const scope = scopeOf(model, view)
  const totals = totalsFor(model, scope)
  const { connections, requests, bytesIn, bytesOut, latencies } = totals
  return {
    version: model.look.version,
    state: model.look.state,
    open: totals.open,
    per_second: { connections, requests, bytes_in: bytesIn, bytes_out: bytesOut },
    first_byte_ms: {
      p50: percentile(latencies, 0.5),
      p90: percentile(latencies, 0.9),
      p99: percentile(latencies, 0.99),
    },
    refusals: Object.fromEntries(totals.refusals),
    destinations: destinationsOf(model, scope, view.sort),
  }
}

/** Draws until q is pressed, and gives the terminal back as it was, whatever happens. */
const watch = Effect.fnUntraced(function* (port: number, first: number, start: TopModel, initial: View) {
  const { stdout } = process
  const quit = yield* Deferred.make<void>()
  const stop = (): void => void Deferred.doneUnsafe(quit, Effect.void)
  let view = initial
  let model = start
  // What comes during a pause is known when it is over.
  let latest = start
  let next = first
  let answers = true
  let frame = screen(model, view)
  const draw = (): void => {
    frame = screen(model, view)
    stdout.write(`\x1b[H${frame.lines.map((line) => `${line}\x1b[K`).join("\r\n")}\x1b[J`)
  }
  const resized = (): void => {
    view = { ...view, columns: stdout.columns || 80, rows: stdout.rows || 24 }
    draw()
  }
  const pressed = (bytes: Buffer): void => {
    const after = press(view, bytes.toString("utf8"), frame)
    if (after === "quit") return stop()
    view = after
    draw()
  }
  yield* takeTerminal({ resized, pressed, stop })
  draw()
  const again = Effect.suspend(() => look(port, next, nameOf(view.opened)))
  const step = Effect.matchEffect(Effect.delay(again, lookEvery), {
    onSuccess: (looked) =>
      Effect.sync(() => {
        next = looked.next
        latest = advance(latest, looked.seen)
        // What is wrong with a filter stays until somebody presses a key.
        if (!answers) view = { ...view, problem: undefined }
        answers = true
        if (!view.paused) model = latest
        draw()
      }),
    // It may be starting anew; its numbers begin again then.
    onFailure: ({ message }) =>
      Effect.sync(() => {
        next = 0
        answers = false
        view = { ...view, problem: message }
        draw()
      }),
  })
  yield* Effect.raceFirst(Deferred.await(quit), Effect.forever(step))
}, Effect.scoped)

interface TerminalOwner {
  readonly resized: () => void
  readonly pressed: (bytes: Buffer) => void
  /** Called when the process is told to end. */
  readonly stop: () => void
}

/** Takes the screen and the keyboard until the scope closes. */
const takeTerminal = ({ resized, pressed, stop }: TerminalOwner) => {
  const { stdin, stdout } = process
  return Effect.acquireRelease(
    Effect.sync(() => {
      // The other screen, without a cursor: what was there before comes back at the end.
      stdout.write("\x1b[?1049h\x1b[?25l")
      stdin.setRawMode(true).on("data", pressed).resume()
      stdout.on("resize", resized)
      process.on("SIGTERM", stop).on("SIGHUP", stop)
    }),
    () =>
      Effect.callback<void>((resume) => {
        process.off("SIGTERM", stop).off("SIGHUP", stop)
        stdout.off("resize", resized)
        stdin.off("data", pressed).setRawMode(false).pause()
        // The process ends next: it must have been written by then.
        stdout.write("\x1b[?25h\x1b[?1049l", () => resume(Effect.void))
      }),
  )
}

/** The name in the key of a destination. */
const nameOf = (key: string | undefined): string => (key === undefined ? "" : key.slice(key.indexOf(" ") + 1))

/** Looks at everything once; `after` is the number of the last entry that was seen, `routesOf` the destination that is open. */
const look = (
  port: number,
  after: number,
  routesOf = "",
): Effect.Effect<{ readonly seen: Look; readonly next: number }, NoAnswer> =>
  Effect.map(
    Effect.all(
      [
        get(port, "/"),
        get(port, "/metrics"),
        get(port, `/connections?after=${after}`),
        get(port, `/destinations?routes=${encodeURIComponent(routesOf)}`),
      ],
      { concurrency: 4 },
    ),
    ([about, metrics, connections, numbers]) => {
      const { version = "", state = "" } = record(about)
      const { total, connections: open, first, ended } = record(connections)
      const entries = list(ended).filter(isEntry)
      const from = Number(first)
      return {
        seen: {
          now: Date.now(),
          version: String(version),
          state: String(state),
          metrics: samples(metrics),
          total: Number(total),
          open: list(open).filter(isOpen),
          destinations: list(record(numbers)["destinations"]).filter(isDestination),
          // The first look shows what has ended so far; nothing of it was missed.
          ended: entries,
          missed: after === 0 ? 0 : Math.max(0, from - after - 1),
        },
        next: from + list(ended).length - 1,
      }
    },
  )

const record = (text: string): { readonly [name: string]: unknown } => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

const list = (value: unknown): ReadonlyArray<object> =>
  Array.isArray(value) ? value.filter((each): each is object => typeof each === "object" && each !== null) : []

const isDestination = (value: object): value is ReportedDestination =>
  "name" in value && typeof value.name === "string" && "rate_10s" in value && "routes" in value && "errors" in value

const isOpen = (value: object): value is Open =>
  "age" in value && typeof value.age === "number" && "bytes_in" in value && typeof value.bytes_in === "number"

/** The samples of a text in Prometheus' format, by name and labels. */
const samples = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text.split("\n").flatMap((line) => {
      const at = line.lastIndexOf(" ")
      return line.startsWith("#") || at < 0 ? [] : [[line.slice(0, at), Number(line.slice(at + 1))] as const]
    }),
  )
