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
import { NoAnswer } from "../running/ask.ts"
import { done, failed, type Outcome } from "../command-line/outcome.ts"
import { runningPort } from "../running/ports.ts"
import { isEntry } from "./tap.ts"
import { filteredTotals, type FilteredTotals } from "./top-filtered.ts"
import { press } from "./top-keys.ts"
import { advance, destinationsOf, type Look, type TopModel, percentile, rates, refusalsOf } from "./top-model.ts"
import { screen, type View } from "./top-screen.ts"

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
    sort: "flows",
    filter: parsed.matches,
    filterText: filter,
    typing: undefined,
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

/** A screen for a file or a pipe: without what is only for the keyboard. */
const plain = (model: TopModel, view: View): string => {
  const rows = destinationsOf(model, view.filter, view.sort).length + 10
  return `${screen(model, { ...view, rows, color: false })
    .slice(0, -1)
    .join("\n")
    .trimEnd()}\n`
}

/** Everything; with a filter of what it lets through. */
const totalsOf = (model: TopModel, { filter, filterText }: View): FilteredTotals => {
  const totals = filteredTotals(model, filter)
  if (filterText !== "") return totals
  const [, connections, requests, bytesIn, bytesOut] = rates(model)
  const refusals = refusalsOf(model.look.metrics)
  return { ...totals, connections, requests, bytesIn, bytesOut, open: model.look.total, refusals }
}

const summaryOf = (model: TopModel, view: View): object => {
  const { connections, requests, bytesIn, bytesOut, open, latencies, refusals } = totalsOf(model, view)
  return {
    version: model.look.version,
    state: model.look.state,
    open,
    per_second: { connections, requests, bytes_in: bytesIn, bytes_out: bytesOut },
    first_byte_ms: {
      p50: percentile(latencies, 0.5),
      p90: percentile(latencies, 0.9),
      p99: percentile(latencies, 0.99),
    },
    refusals: Object.fromEntries(refusals),
    destinations: destinationsOf(model, view.filter, view.sort),
  }
}

/** Draws until q is pressed, and gives the terminal back as it was, whatever happens. */
const watch = Effect.fnUntraced(function* (port: number, first: number, start: TopModel, initial: View) {
  const { stdin, stdout } = process
  const quit = yield* Deferred.make<void>()
  let view = initial
  let model = start
  let next = first
  const draw = (): void => {
    const lines = screen(model, view)
    stdout.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\r\n")}\x1b[J`)
  }
  const resized = (): void => {
    view = { ...view, columns: stdout.columns || 80, rows: stdout.rows || 24 }
    draw()
  }
  const pressed = (bytes: Buffer): void => {
    const after = press(view, bytes.toString("utf8"))
    if (after === "quit") return void Deferred.doneUnsafe(quit, Effect.void)
    view = after
    draw()
  }
  const stop = (): void => void Deferred.doneUnsafe(quit, Effect.void)
  yield* Effect.acquireRelease(
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
  draw()
  const again = Effect.suspend(() => look(port, next))
  const step = Effect.matchEffect(Effect.delay(again, lookEvery), {
    onSuccess: (looked) =>
      Effect.sync(() => {
        next = looked.next
        if (view.paused) return
        model = advance(model, looked.seen)
        view = { ...view, problem: undefined }
        draw()
      }),
    // It may be starting anew; its numbers begin again then.
    onFailure: ({ message }) =>
      Effect.sync(() => {
        next = 0
        view = { ...view, problem: message }
        draw()
      }),
  })
  yield* Effect.raceFirst(Deferred.await(quit), Effect.forever(step))
}, Effect.scoped)

/** Looks at everything once; `after` is the number of the last entry that was seen. */
const look = (port: number, after: number): Effect.Effect<{ readonly seen: Look; readonly next: number }, NoAnswer> =>
  Effect.map(
    Effect.all([get(port, "/"), get(port, "/metrics"), get(port, `/connections?after=${after}`)], { concurrency: 3 }),
    ([about, metrics, connections]) => {
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
