/** The clients that people have: each request that they make of an application has its line, and there is no other. */
import { expect } from "bun:test"
import { join } from "node:path"

import { startChromium } from "../browser/chromium.ts"
import { type Application, application } from "../support/application.ts"
import { scrape } from "../support/metrics.ts"
import { needs } from "../support/needs.ts"
import { type AccessLine, type Pillion, startPillion } from "../support/pillion.ts"
import { eventually } from "../support/within.ts"

/** Milliseconds, on a busy machine. */
const patience = 120_000
/** Requests that wrk makes at least. */
const wanted = 10_000

const inFrontOf = (app: Application, protocol: string): Promise<Pillion> =>
  startPillion({
    flags: [
      `--proxy-port=${app.port}`,
      "--proxy-host=127.0.0.1",
      "--proxy-type=dual",
      `--proxy-protocol=${protocol}`,
      // A server may keep a connection whose client has finished in the middle of its requests.
      "--half-close-timeout=2s",
      "--access-log-filter=direction = inbound",
    ],
  })

/** Lines of requests that were answered, as the application logs them, sorted. */
const answered = (lines: ReadonlyArray<AccessLine>): ReadonlyArray<string> =>
  lines
    .filter((line) => line["method"] !== undefined && line["status"] !== undefined && line["end"] === undefined)
    .map(({ method, path, status }) => `${String(method)} ${String(path)} ${String(status)}`)
    .toSorted()

/** What `more` has and `fewer` has not; both are sorted. */
const beyond = (more: ReadonlyArray<string>, fewer: ReadonlyArray<string>): ReadonlyArray<string> => {
  const left = new Map<string, number>()
  for (const line of fewer) left.set(line, (left.get(line) ?? 0) + 1)
  return more.filter((line) => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count <= 0
  })
}

/** Waits until every connection is over, and as many lines of requests are here as the proxy has counted. */
const untilAllIsLogged = async (running: Pillion): Promise<void> => {
  const open = 'pillion_connections_active{direction="inbound"}'
  await eventually(async () => (await scrape(running)).samples.get(open), 0, "open connections", patience)
  const { samples } = await scrape(running)
  let counted = 0
  for (const [name, value] of samples) {
    if (name.startsWith('pillion_http_requests_total{direction="inbound"')) counted += value
  }
  const lines = (): number => running.log.filter(({ method }) => method !== undefined).length
  await eventually(() => Promise.resolve(lines()), counted, "lines of requests", patience)
}

for (const protocol of ["http", "tcp:http"]) {
  needs("wrk")(
    `wrk, seven requests at a time: dual, ${protocol}`,
    async () => {
      using app = await application()
      await using running = await inFrontOf(app, protocol)
      const url = `http://127.0.0.1:${running.ports.in}/`
      const script = join(import.meta.dir, "../support/pipeline.lua")
      while (app.log.length < wanted) {
        const wrk = Bun.spawn(["wrk", "--threads=1", "--connections=16", "--duration=2s", `--script=${script}`, url], {
          stdout: "ignore",
          stderr: "pipe",
        })
        expect([await wrk.exited, await new Response(wrk.stderr).text()]).toEqual([0, ""])
      }
      await untilAllIsLogged(running)
      // Wrk leaves in the middle: of what it has not read, the application and the proxy may have seen different ends.
      const ended = running.log.filter(({ end }) => end !== undefined)
      expect(ended.length).toBeLessThan(app.log.length / 10)
      const [ours, theirs] = [answered(running.log), app.log.toSorted()]
      expect(beyond(ours, theirs)).toEqual([])
      const cut = ended.map(({ method, path }) => `${String(method)} ${String(path)}`)
      expect(
        beyond(
          beyond(theirs, ours).map((line) => line.replace(/ \d+$/, "")),
          cut,
        ),
      ).toEqual([])
    },
    patience,
  )

  needs("chromium")(
    `Chromium, with uploads, events and a WebSocket: dual, ${protocol}`,
    async () => {
      using app = await application()
      await using running = await inFrontOf(app, protocol)
      {
        await using chromium = await startChromium()
        const page = await chromium.page()
        await page.open(`http://127.0.0.1:${running.ports.in}/plain/page`)
        const done = page.evaluate<string>(`(async () => {
        const kinds = ["chunked", "fails", "not-modified", "nothing", "early", "no-such-page"]
        for (let round = 0; round < 10; round++) {
          await Promise.all(kinds.map((kind) => fetch("/" + kind + "/" + round).then((answer) => answer.text())))
          await fetch("/upload/" + round, { method: "POST", body: "x".repeat(round * 10000) })
        }
        const events = new EventSource("/events/page")
        await new Promise((resolve) => {
          events.onmessage = ({ data }) => {
            if (data !== "3") return
            events.close()
            resolve()
          }
        })
        const socket = new WebSocket("ws://" + location.host + "/socket/page")
        await new Promise((resolve) => (socket.onopen = resolve))
        socket.close()
        return "done"
      })()`)
        expect(await done).toBe("done")
      }
      await untilAllIsLogged(running)
      expect(app.log.length).toBeGreaterThanOrEqual(73)
      const requests = running.log.filter(({ method }) => method !== undefined)
      const words = requests.map(({ method, path, status }) => `${String(method)} ${String(path)} ${String(status)}`)
      expect(words.toSorted()).toEqual(app.log.toSorted())
    },
    patience,
  )
}
