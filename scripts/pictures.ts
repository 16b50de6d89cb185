/**
 * Pictures: makes those of the README, docs/pictures/top.svg and docs/pictures/page.png, from a proxy with traffic of all
 * kinds. Needs Chromium; takes a minute.
 *
 *   bun scripts/pictures.ts
 */
import { mkdir } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import { join } from "node:path"

import { startChromium } from "../test/browser/chromium.ts"
import { asks } from "../test/support/clients.ts"
import { echo } from "../test/support/origins.ts"
import { rawConnect } from "../test/support/peer.ts"
import { type Pillion, startPillion } from "../test/support/pillion.ts"
import { TerminalProgram } from "../test/support/terminal.ts"
import { build } from "./build.ts"
import { frameOf, svgOf } from "./picture-of-terminal.ts"
import { root } from "./steps.ts"
import { unusedPort } from "./unused-port.ts"

/** Seconds of traffic before each picture is taken: the charts begin empty. */
const seconds = 50

/** Whom the workload asks: the name, how often a second, how long the answer takes, and how long it is. */
const origins = [
  { name: "api.example.com", rate: 22, milliseconds: 12, bytes: 1800 },
  { name: "orders.internal", rate: 13, milliseconds: 3, bytes: 600 },
  { name: "search.internal", rate: 6, milliseconds: 45, bytes: 24_000 },
  { name: "images.example.com", rate: 4, milliseconds: 25, bytes: 180_000 },
  { name: "billing.example.com", rate: 1, milliseconds: 210, bytes: 900 },
] as const

/** One that is not there. */
const absent = "legacy.internal"

const answering = async (
  milliseconds: number,
  bytes: number,
): Promise<{ readonly server: Server; readonly port: number }> => {
  const body = Buffer.alloc(bytes, "x")
  const server = createServer((_, response) => {
    setTimeout(() => response.end(body), milliseconds * (0.5 + Math.random()))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  return { server, port: address !== null && typeof address === "object" ? address.port : 0 }
}

/** Asks again and again until it is stopped; whether it is answered does not matter. */
const ask = (url: string, rate: number, pillion: Pillion, inbound = false): Timer => {
  const paths = ["/v1/people", "/v1/people/7", "/health", "/v1/orders", "/search"]
  const proxy = inbound ? "" : `http://127.0.0.1:${pillion.ports.out}`
  const once = (): void => {
    const path = paths[Math.floor(Math.random() * paths.length)] ?? "/"
    fetch(url + path, { proxy }).then(
      (answer) => answer.arrayBuffer(),
      () => undefined,
    )
  }
  return setInterval(() => {
    // Bursts, as there are anywhere.
    for (let i = Math.random() < 0.2 ? 3 : 1; i > 0; i--) once()
  }, 1000 / rate)
}

const paint = async (pillion: Pillion, admin: string): Promise<readonly [svg: string, png: Uint8Array]> => {
  await using shown = new TerminalProgram([await build(), "top", `--admin-port=${pillion.ports.admin}`], {}, 100, 20)
  await using chromium = await startChromium()
  const page = await chromium.page()
  await page.look("light", 1280, 860)
  await page.open(admin)
  await Bun.sleep(seconds * 1000)
  await page.evaluate(
    `[...document.querySelectorAll("button")].find((each) => each.textContent.startsWith("Ended")).click()`,
  )
  await page.until(`document.querySelector("tbody td") !== null`)
  const png = await page.picture()
  await shown.until((lines) => lines.some((line) => line.includes("DESTINATION")), "the table")
  return [svgOf(frameOf(shown.raw), 100), png]
}

await using stack = new AsyncDisposableStack()
const servers = await Promise.all(origins.map(({ milliseconds, bytes }) => answering(milliseconds, bytes)))
const workload = await answering(8, 1200)
for (const { server } of [...servers, workload]) stack.defer(() => void server.close().closeAllConnections())
const database = stack.use(await echo())
await using pillion = await startPillion({
  flags: [
    "--proxy-protocol=tcp:http",
    `--proxy-port=${workload.port}`,
    ...origins.map(({ name }, i) => `--resolve=${name}:80=127.0.0.1:${servers[i]?.port}`),
    `--resolve=${absent}:80=127.0.0.1:${unusedPort()}`,
    `--resolve=db.internal:5432=127.0.0.1:${database.port}`,
  ],
})
const timers = [
  ...origins.map(({ name, rate }) => ask(`http://${name}`, rate, pillion)),
  ask(`http://${absent}`, 0.3, pillion),
  ask(`http://127.0.0.1:${pillion.ports.in}`, 5, pillion, true),
]
stack.defer(() => timers.forEach((timer) => clearInterval(timer)))
// Some that stay, as connections to a database do.
for (let i = 0; i < 4; i++) {
  const tunnel = stack.use(await rawConnect(pillion.ports.out))
  tunnel.send(asks("connect", "db.internal", 5432))
  await tunnel.readUntil("\r\n\r\n")
  const timer = setInterval(() => tunnel.send("select 1;".repeat(20)), 300)
  stack.defer(() => clearInterval(timer))
}

const folder = join(root, "docs/pictures")
await mkdir(folder, { recursive: true })
const [svg, png] = await paint(pillion, `http://127.0.0.1:${pillion.ports.admin}/`)
await Bun.write(join(folder, "top.svg"), svg)
await Bun.write(join(folder, "page.png"), png)
console.log("written: docs/pictures/top.svg, docs/pictures/page.png")
