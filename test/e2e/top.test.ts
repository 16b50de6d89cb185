/** `pillion top` and `pillion tap`, driven as a person would, against a running proxy. */
import { expect, test } from "bun:test"
import { build } from "../../scripts/build.ts"
import { unusedPort } from "../../scripts/unused-port.ts"
import { openTunnel } from "../support/clients.ts"
import { echo, httpOrigin } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { type Pillion, pillion, startPillion } from "../support/pillion.ts"
import { readResponse } from "../support/http.ts"
import { Lines } from "../support/process.ts"
import { TerminalProgram } from "../support/terminal.ts"
import { within } from "../support/within.ts"

const get = async (running: Pillion, authority: string, path = "/"): Promise<void> => {
  using client = await rawConnect(running.ports.out)
  client.send(`GET http://${authority}${path} HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`)
  await readResponse(client)
}

const top = async (running: Pillion, env: Record<string, string> = {}): Promise<TerminalProgram> =>
  new TerminalProgram([await build(), "top", `--admin-port=${running.ports.admin}`], env)

/** A tap begins when it is there: traffic goes on until it has something. */
const seen = (lines: Lines): Promise<string> => lines.until((line) => line, "line", 10_000)

/** The destination in the table's first row. */
const first = (lines: ReadonlyArray<string>): string => rowOf(lines.slice(9), "127.0.0.1")[0] ?? ""

const rowOf = (lines: ReadonlyArray<string>, name: string): ReadonlyArray<string> =>
  (lines.find((line) => line.includes(name)) ?? "").trim().split(/ {2,}/)

/** How many requests of a destination the list of what ended last has. */
const listed = (lines: ReadonlyArray<string>, name: string): number =>
  lines.filter((line) => line.includes("GET") && line.includes(name)).length

test("top shows rates, latency, refusals and destinations on 80 columns, and gives the terminal back", async () => {
  using server = await httpOrigin()
  using tunnelled = await echo()
  const nobody = unusedPort()
  await using running = await startPillion()
  await using shown = await top(running)
  await shown.until((lines) => lines.some((line) => line.includes("DESTINATION")), "the table")
  expect([shown.screen.other, shown.screen.cursorShown]).toEqual([true, false])
  using tunnel = await openTunnel("socks5", running.ports.out, tunnelled.port)
  tunnel.send("x".repeat(5000))
  await tunnel.read(5000)
  for (let i = 0; i < 12; i++) await get(running, server.authority)
  await get(running, `127.0.0.1:${nobody}`)
  const lines = await shown.until(
    (all) =>
      rowOf(all, server.authority)[1] === "1.2/s" &&
      rowOf(all, tunnelled.authority)[6] === "5.0 kB" &&
      all[3]?.includes("13 so far") === true,
    "12 requests and an open tunnel",
  )
  expect(lines.length).toBe(24)
  expect(lines[0]).toMatch(/^ pillion \d+\.\d+\.\d+ {3}ready {3}up \d+s +\d\d:\d\d:\d\dZ$/)
  expect(lines[2]).toMatch(/^ connections +\d+\.\d\/s +1 open +14 so far +[▁▂▃▄▅▆▇█]+$/)
  expect(lines[3]).toMatch(/^ requests +\d+\.\d\/s +13 so far$/)
  expect(lines[4]).toMatch(/^ bytes +in +\S+ k?B\/s +out +\S+ k?B\/s +so far 5\.0 kB in, 5\.1 kB out$/)
  expect(lines[5]).toMatch(/^ first byte +p50 +\d+(\.\d)? ms +p90 +\d+(\.\d)? ms +p99 +\d+(\.\d)? ms +of 13 in 60 s$/)
  expect(lines[6]).toBe(" refused      connection-refused 1")
  expect(lines[8]).toBe(" DESTINATION (3)     ↓RATE     OK     P50     P95     P99      IN     OUT   ERR")
  const times = Array.from({ length: 3 }, () => expect.stringMatching(/ ms$/))
  expect(rowOf(lines, server.authority)).toEqual([server.authority, "1.2/s", "100%", ...times, "0 B", "60 B", "0"])
  expect(rowOf(lines, tunnelled.authority)).toEqual([
    tunnelled.authority,
    "0.0/s",
    "-",
    "-",
    "-",
    "-",
    "5.0 kB",
    "5.0 kB",
    "0",
  ])
  const refused = rowOf(lines, `127.0.0.1:${nobody}`)
  expect([refused[2], refused.at(-1)]).toEqual(["0%", "1"])
  expect(lines.at(-1)).toBe(" q  quit  s  sort: rate  ↑↓  choose  Enter  open  t  last  p  pause  /  filter")
  expect(shown.screen.styles.has("31")).toBe(true)
  shown.type("q")
  expect(await within(shown.exited, "end of top")).toBe(0)
  await shown.until(() => !shown.screen.other && shown.screen.cursorShown, "the terminal as it was")
}, 30_000)

test("top sorts, filters and pauses by keys, follows the size of the terminal, and knows NO_COLOR", async () => {
  using server = await httpOrigin()
  const nobody = unusedPort()
  await using running = await startPillion()
  for (let i = 0; i < 3; i++) await get(running, server.authority)
  await get(running, `127.0.0.1:${nobody}`)
  await using shown = await top(running, { NO_COLOR: "1" })
  await shown.until((lines) => first(lines) === server.authority, "the busiest first")
  shown.type("S")
  await shown.until((lines) => lines.some((line) => line.includes("sort: name")), "sorted by name")
  shown.type("ss")
  await shown.until((lines) => first(lines) === `127.0.0.1:${nobody}`, "the one with an error first")

  shown.type(`/host = ${server.authority}x`)
  await shown.until((lines) => lines.at(-1)?.startsWith(` filter: host = ${server.authority}x▏`) === true, "typing")
  shown.type("\x7f\r")
  await shown.until((lines) => lines[8]?.includes("DESTINATION (1)") === true, "one destination")
  // The totals are those of what the filter lets through.
  await shown.until(
    (lines) => /^ requests .* 3 in 60 s$/.test(lines[3] ?? "") && lines[6] === " refused      none",
    "totals of the filter",
  )
  shown.type("/ = 1\r")
  await shown.until((lines) => lines.join(" ").includes('the filter has "=" without a field'), "what is wrong")
  shown.type("\x1b")
  await shown.until((lines) => lines[8]?.includes("DESTINATION (2)") === true, "both again")

  shown.type("p")
  const paused = await shown.until((lines) => lines[0]?.includes("PAUSED") === true, "paused")
  await get(running, server.authority)
  shown.type("S")
  const later = await shown.until((lines) => lines.some((line) => line.includes("sort: rate")), "sorted while paused")
  expect(later[3]).toBe(paused[3] ?? "")
  shown.type("p")
  await shown.until((lines) => /^ requests .* 5 so far$/.test(lines[3] ?? ""), "what came meanwhile")
  shown.type("t")
  await shown.until((lines) => listed(lines, server.authority) === 4, "what ended meanwhile")
  shown.type("t")

  shown.resize(50, 12)
  await shown.until((lines) => lines.some((line) => /^ DESTINATION \(2\) +↓RATE +OK +P99 +ERR$/.test(line)), "narrow")
  expect(shown.lines.length).toBe(12)
  expect(shown.lines.join(" ")).toContain("/  filter")
  shown.resize(160, 40)
  await shown.until((lines) => lines[8]?.length === 159 && lines[39]?.includes("quit") === true, "a wide table")
  expect(shown.lines[8]).toMatch(/WAY +↓RATE +OK +P50 +P95 +P99 +IN +OUT +OPEN +ERR$/)
  expect([...shown.screen.styles]).toEqual([])
  shown.type("\x03")
  expect(await within(shown.exited, "end of top")).toBe(0)
}, 30_000)

test("top opens a destination by Enter: its routes, reasons, status codes and last requests; Escape goes back", async () => {
  using server = await httpOrigin()
  const nobody = unusedPort()
  await using running = await startPillion()
  for (const path of ["/orders/1", "/orders/2", "/health"]) await get(running, server.authority, path)
  await get(running, `127.0.0.1:${nobody}`, "/lost")
  await using shown = await top(running)
  await shown.until((lines) => first(lines) === server.authority, "the busiest first")
  shown.type("\x1b[B")
  await shown.until((lines) => lines.some((line) => line.startsWith(`▸${server.authority} `)), "the cursor")
  shown.resize(80, 40)
  shown.type("\r")
  const opened = await shown.until(
    (lines) => lines.length === 40 && lines.some((line) => / GET .* \/orders\/\{id\}$/.test(line)),
    "its routes",
  )
  expect(opened[8]).toBe(` ${server.authority}  outbound`)
  expect(opened.join("\n")).toContain("status       200 3")
  expect(opened.join("\n")).toContain("reasons      none")
  expect(opened.join("\n")).toMatch(/out +\S+ ms +0 B +5 B {2}200 GET \/orders\/2\n/)
  expect(opened.join("\n")).not.toContain("/lost")
  expect(opened.at(-1)).toBe(" q  quit  Esc  back  ↑↓  scroll  p  pause  /  filter")
  shown.type("\x1b")
  await shown.until((lines) => lines.some((line) => line.startsWith(`▸${server.authority} `)), "the list again")

  shown.type("\x1b[B\r")
  await shown.until((lines) => lines.some((line) => line.includes("reasons      connection-refused 1")), "its reasons")
  shown.type("\x1b")
  shown.type("t")
  const requests = await shown.until((lines) => listed(lines, server.authority) === 3, "what ended last")
  expect(requests.join("").replaceAll(/\s+/g, "")).toContain(`GET127.0.0.1:${nobody}/lost`)
  shown.type("t")
  await shown.until((lines) => lines[8]?.includes("DESTINATION (2)") === true, "the list again")
  shown.type("q")
  expect(await within(shown.exited, "end of top")).toBe(0)
}, 30_000)

test("on a terminal that can only write lines, top prints one screen without a control character, and ends", async () => {
  using server = await httpOrigin()
  await using running = await startPillion()
  await get(running, server.authority)
  await using shown = await top(running, { TERM: "dumb" })
  expect(await within(shown.exited, "end of top")).toBe(0)
  await shown.until((lines) => rowOf(lines, server.authority)[2] === "100%", "the table")
  expect([shown.screen.other, shown.screen.cursorShown, shown.screen.styles.size]).toEqual([false, true, 0])
}, 30_000)

test("top stays when the proxy goes, says so, and restores the terminal at SIGTERM", async () => {
  await using running = await startPillion()
  await using shown = await top(running)
  await shown.until((lines) => lines[0]?.includes("ready") === true, "ready")
  expect(await running.stop()).toBe(0)
  await shown.until((lines) => lines.join(" ").includes("takes no connections; is the proxy running"), "gone")
  shown.kill("SIGTERM")
  expect(await within(shown.exited, "end of top")).toBe(0)
  await shown.until(() => !shown.screen.other && shown.screen.cursorShown, "the terminal as it was")
}, 30_000)

test("without a terminal top prints one screen, or one object, and ends", async () => {
  using server = await httpOrigin()
  await using running = await startPillion()
  for (let i = 0; i < 3; i++) await get(running, server.authority)
  const port = `--admin-port=${running.ports.admin}`
  const [plain, json] = await Promise.all([pillion(["top", port]), pillion(["top", "--json", port])])
  expect([plain.code, plain.stderr, json.code, json.stderr]).toEqual([0, "", 0, ""])
  expect(plain.stdout).not.toContain("\x1b")
  expect(plain.stdout).toContain(` ${server.authority} `)
  expect(JSON.parse(json.stdout)).toMatchObject({
    state: "ready",
    open: 0,
    refusals: {},
    destinations: [{ name: server.authority, direction: "outbound", flows: 3, out: 15, errors: 0, success: 1 }],
  })
})

test("tap prints what ends, for a person or as JSON, as far as the filter lets it through", async () => {
  using server = await httpOrigin()
  await using running = await startPillion()
  const port = `--admin-port=${running.ports.admin}`
  const start = async (...words: ReadonlyArray<string>) =>
    Bun.spawn([await build(), "tap", port, ...words], { cwd: "/", env: {}, stdout: "pipe", stderr: "pipe" })
  const all = await start()
  const some = await start("path", "=", "/b", "--json")
  try {
    const [lines, filtered] = [new Lines(all.stdout), new Lines(some.stdout)]
    const asking = new AbortController()
    const traffic = (async () => {
      while (!asking.signal.aborted) for (const path of ["/a", "/b"]) await get(running, server.authority, path)
    })()
    await Promise.all([seen(lines), seen(filtered)])
    asking.abort()
    await traffic
    expect(lines.all[0]).toMatch(/^[\d:.]+Z {2}out http .* GET 127\.0\.0\.1:\d+\/[ab] 200 {2}in 0 B, out 5 B, \d+ ms$/)
    expect(new Set(filtered.all.map((line) => JSON.parse(line).path))).toEqual(new Set(["/b"]))
    expect(Object.keys(JSON.parse(filtered.all[0] ?? ""))).toContain("t_first_byte")
    expect(await running.stop()).toBe(0)
    expect(await within(all.exited, "end of tap")).toBe(1)
    expect(await all.stderr.text()).toBe("pillion: the proxy has ended\n")
  } finally {
    all.kill("SIGKILL")
    some.kill("SIGKILL")
  }
})

test("top and tap say what is wrong with a filter, and where they looked for the proxy", async () => {
  const port = unusedPort()
  for (const command of ["top", "tap"]) {
    expect(await pillion([command, "nobody", "=", "1"])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(
        /^pillion: the filter "nobody = 1" asks for "nobody" at character 1: write one of host, .*\n$/,
      ),
    })
    expect(await pillion([command, `--admin-port=${port}`])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `pillion: 127.0.0.1:${port} takes no connections; is the proxy running, with admin-port ${port}?\n`,
    })
  }
})
