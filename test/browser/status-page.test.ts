/** The status page of the real executable, in a real browser. */
import { expect } from "bun:test"

import { unusedPort } from "../../scripts/unused-port.ts"
import { openTunnel } from "../support/clients.ts"
import { needs } from "../support/needs.ts"
import { echo, httpOrigin, ok } from "../support/origins.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { type Chromium, type Page, startChromium } from "./chromium.ts"

/** A start of Chromium on a busy machine is the longest of it. */
const milliseconds = 60_000
const test = needs("chromium")

const openPage = async (chromium: Chromium, pillion: Pillion): Promise<Page> => {
  const page = await chromium.page()
  await page.look("light", 1280, 800)
  await page.open(`http://127.0.0.1:${pillion.ports.admin}/`)
  await page.until(`document.querySelector("#state").textContent === "ready"`)
  return page
}

/** Through the outbound listener. */
const get = async (pillion: Pillion, url: string): Promise<number> => {
  const answer = await fetch(url, { proxy: `http://127.0.0.1:${pillion.ports.out}` })
  await answer.text()
  return answer.status
}

/** The texts of a column, from the top. */
const column = (page: Page, name: string): Promise<ReadonlyArray<string>> =>
  page.evaluate(`[...document.querySelectorAll("tbody td.${name}")].map((cell) => cell.textContent)`)

/** How many dots of the first chart bear a colour. */
const painted = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const canvas = document.querySelector("article canvas")
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    return data.filter((value, i) => i % 4 === 3 && value > 0).length
  })()`)

/** Puts the pointer on the first chart, this part of its width from the left. */
const point = (page: Page, across: number): Promise<unknown> =>
  page.evaluate(`(() => {
    const plot = document.querySelector("article .u-over")
    const { left, top, width, height } = plot.getBoundingClientRect()
    const place = { clientX: left + width * ${across}, clientY: top + height / 2, bubbles: true }
    for (const name of ["mouseenter", "mousemove"]) plot.dispatchEvent(new MouseEvent(name, place))
  })()`)

/** What the page asked for that is not a path of the admin listener. */
const elsewhere = (page: Page, pillion: Pillion): ReadonlyArray<string> =>
  page.asked.filter((url) => !url.startsWith(`http://127.0.0.1:${pillion.ports.admin}/`) && !url.startsWith("data:"))

test(
  "it shows what is open, what ended and what it carried, asks nobody else, and has nothing to complain about",
  async () => {
    await using pillion = await startPillion()
    await using chromium = await startChromium()
    using target = await echo()
    using web = await httpOrigin(() => ok("x".repeat(5000)))
    const page = await openPage(chromium, pillion)
    await page.until(`document.querySelector(".nothing").textContent === "No connection is open."`)

    const tunnel = await openTunnel("socks5", pillion.ports.out, target.port)
    tunnel.send("y".repeat(2500))
    await tunnel.untilReceived(2500)
    await page.until(`document.querySelector("tbody td.bytesIn")?.textContent === "2.5 kB"`)
    expect(await column(page, "protocol")).toEqual(["socks5"])
    expect(await column(page, "target")).toEqual([target.authority])

    await get(pillion, `http://${web.authority}/orders?secret=1`)
    await get(pillion, `http://127.0.0.1:${unusedPort()}/lost`)
    await page.evaluate(`document.querySelector("#tab-ended").click()`)
    await page.until(`document.querySelectorAll("tbody tr").length >= 2`)
    expect(await column(page, "state")).toContainAllValues(["200", "connection-refused"])
    expect((await column(page, "target")).join()).toContain(`GET ${web.authority}/orders`)
    expect(await page.evaluate<string>("document.body.innerText")).not.toContain("secret")
    await page.until(`document.querySelector("article.errors").textContent.includes("connection-refused 1")`)
    // A line has been drawn, and a number stands beside it.
    expect(await painted(page)).toBeGreaterThan(20)
    // What the pointer is at is told instead of what is now.
    await page.until(`document.querySelector("article .peak").textContent.startsWith("peak")`)
    await point(page, 0.7)
    await page.until(`document.querySelector("article .peak").textContent.endsWith("s ago")`)
    expect(elsewhere(page, pillion)).toEqual([])
    expect(page.complaints).toEqual([])
    tunnel.end()
  },
  milliseconds,
)

test(
  "everything can be done with the keyboard: filter, sort, look at a row, pause, settings",
  async () => {
    await using pillion = await startPillion()
    await using chromium = await startChromium()
    using web = await httpOrigin(() => ok("hello"))
    for (const path of ["b", "c", "a"]) await get(pillion, `http://${web.authority}/${path}`)
    const page = await openPage(chromium, pillion)
    const focus = (): Promise<string> =>
      page.evaluate(`document.activeElement.id || document.activeElement.textContent`)
    const paths = async (): Promise<string> => (await column(page, "target")).map((text) => text.slice(-1)).join("")

    await page.evaluate(`document.querySelector("#tab-open").focus()`)
    await page.press("ArrowRight")
    expect(await focus()).toBe("tab-ended")
    await page.until(`document.querySelectorAll("tbody tr").length === 3`)
    expect(await paths()).toBe("acb")

    await page.evaluate(`document.querySelector("th.target button").focus()`)
    await page.press("Enter")
    expect(await paths()).toBe("abc")
    expect(await page.evaluate<string>(`document.querySelector("th.target").ariaSort`)).toBe("ascending")
    await page.press("Enter")
    expect(await paths()).toBe("cba")

    await page.press("/")
    expect(await focus()).toBe("filter")
    await page.write("get -/b")
    await page.until(`document.querySelectorAll("tbody tr").length === 2`)
    expect(await paths()).toBe("ca")
    // What is no filter changes nothing, and says why.
    await page.write(" (")
    await page.until(`!document.querySelector("#filter-problem").hidden`)
    expect(await page.evaluate<string>(`document.querySelector("#filter-problem").textContent`)).toBe(
      "The filter opens a parenthesis at character 9 that is never closed.",
    )
    expect(await paths()).toBe("ca")
    await page.write("path:/c)")
    await page.until(`document.querySelectorAll("tbody tr").length === 1`)
    await page.evaluate(`(filter.value = "get -path:/b", filter.dispatchEvent(new Event("input")))`)
    await page.until(`document.querySelectorAll("tbody tr").length === 2`)
    expect(await paths()).toBe("ca")

    await page.press("ArrowDown")
    await page.press("ArrowDown")
    await page.press("ArrowDown")
    expect(await page.evaluate<number>(`document.querySelector("tr[aria-selected=true]").rowIndex`)).toBe(2)
    await page.press("Enter")
    await page.until(`document.querySelector("#details") !== null`)
    expect(await page.evaluate<string>(`document.querySelector("#details").textContent`)).toContain("/a")
    await page.press("Escape")
    await page.until(`document.querySelector("#details") === null`)

    await page.press("p")
    expect(await page.evaluate<string>(`document.querySelector("#pause").ariaPressed`)).toBe("true")
    await page.press("p")
    await page.evaluate(`document.querySelector("#tab-ended").focus()`)
    await page.press("ArrowRight")
    await page.evaluate(`(filter.value = "admin-port", filter.dispatchEvent(new Event("input")))`)
    await page.until(`document.querySelectorAll(".settings tbody tr").length === 1`)
    expect(await page.evaluate<string>(`document.querySelector(".settings tbody").textContent`)).toContain(
      "flag --admin-port",
    )

    // A new reading does not take the list away from whoever reads it.
    const settings = `document.querySelector("#list").firstElementChild`
    await page.evaluate(
      `window.kept = ${settings}, window.before = document.querySelector("#tab-open span").textContent`,
    )
    const tunnel = await openTunnel("socks5", pillion.ports.out, web.port)
    await page.until(`document.querySelector("#tab-open span").textContent !== window.before`)
    tunnel.end()
    expect(await page.evaluate<boolean>(`window.kept === ${settings}`)).toBe(true)
    expect(page.complaints).toEqual([])
  },
  milliseconds,
)

/** The part of the page's address behind its #. */
const hash = (page: Page): Promise<string> => page.evaluate("decodeURIComponent(location.hash)")

/** The texts of the visible cells of a column, with the tone of each row. */
const tones = (page: Page): Promise<ReadonlyArray<readonly [state: string, colour: string]>> =>
  page.evaluate(
    `[...document.querySelectorAll("td.state")].map((cell) => [cell.textContent, getComputedStyle(cell).color])`,
  )

test(
  "destinations have a table that is sorted and opened by the keyboard, filters the rows, and stands in the address",
  async () => {
    await using pillion = await startPillion()
    await using chromium = await startChromium()
    using web = await httpOrigin(() => ok("hello"))
    const nobody = `127.0.0.1:${unusedPort()}`
    for (const path of ["/orders/1", "/orders/2", "/health"]) await get(pillion, `http://${web.authority}${path}`)
    await get(pillion, `http://${nobody}/lost`)
    const page = await openPage(chromium, pillion)

    await page.evaluate(`document.querySelector("#tab-open").focus()`)
    await page.press("ArrowLeft")
    await page.until(`document.querySelectorAll("tbody td.name").length === 2`)
    expect(await hash(page)).toBe("#tab=destinations")
    await page.until(`document.querySelector("tbody td.rate").textContent !== "0/s"`)
    expect(await column(page, "name")).toEqual([web.authority, nobody])
    expect(await column(page, "success")).toEqual(["100 %", "0 %"])
    expect(await column(page, "failed")).toEqual(["0", "1"])
    expect((await column(page, "p99")).map((text) => / ms$|^–$/.test(text))).toEqual([true, true])
    // The reasons are there in full, where the number stands.
    expect(await page.evaluate<string>(`document.querySelectorAll("td.failed")[1].title`)).toBe("connection-refused 1")

    await page.evaluate(`document.querySelector("th.failed button").focus()`)
    await page.press("Enter")
    expect(await column(page, "name")).toEqual([nobody, web.authority])

    // Opened by the keyboard, which then is in its rows.
    await page.evaluate(`document.querySelector(".scroll").focus()`)
    await page.press("ArrowDown")
    await page.press("ArrowDown")
    await page.press("Enter")
    await page.until(`document.querySelectorAll("tbody td.target").length === 3`)
    expect(await hash(page)).toBe(`#tab=ended&destination=outbound+${web.authority}`)
    await page.until(`document.activeElement.classList.contains("scroll")`)
    await page.until(`document.querySelector("#about summary")?.textContent === "2 routes"`)
    expect(await page.evaluate<string>(`document.querySelector("#about").textContent`)).toContain("GET /orders/{id}")
    expect(await page.evaluate<string>(`document.querySelector("#about").textContent`)).toContain("status 200 3")

    await page.press("/")
    await page.write("health")
    await page.until(`document.querySelectorAll("tbody td.target").length === 1`)
    await page.press("ArrowDown")
    await page.press("ArrowDown")
    await page.press("Enter")
    await page.until(`document.querySelector("#details") !== null`)
    expect(await hash(page)).toMatch(/^#tab=ended&filter=health&destination=outbound\+127\.0\.0\.1:\d+&row=e\d+$/)

    // Whoever gets the address sees the same.
    const address = await page.evaluate<string>("location.href")
    const other = await chromium.page()
    await other.look("light", 1280, 800)
    await other.open(address)
    await other.until(`document.querySelector("#details")?.textContent.includes("/health")`)
    expect(await other.evaluate<string>(`document.querySelector("#filter").value`)).toBe("health")
    await other.press("Escape")
    await other.until(`document.querySelector("#details") === null && !location.hash.includes("row")`)

    // Back closes the panel, as Escape does; once more leads to all destinations.
    await page.evaluate("history.back()")
    await page.until(`document.querySelector("#details") === null`)
    await page.until(`document.activeElement !== null`)
    await page.evaluate(`document.querySelector(".scroll").focus()`)
    await page.press("Escape")
    await page.until(`document.querySelectorAll("tbody td.name").length === 0 && location.hash.startsWith("#tab=dest")`)
    await page.evaluate(`(filter.value = "", filter.dispatchEvent(new Event("input")))`)
    await page.until(`document.querySelectorAll("tbody td.name").length === 2`)
    expect([...page.complaints, ...other.complaints]).toEqual([])
    expect([...elsewhere(page, pillion), ...elsewhere(other, pillion)]).toEqual([])
  },
  milliseconds,
)

test(
  "what was answered colours a row, inbound as outbound: 5xx, 4xx and the rest each in its own, in both themes",
  async () => {
    using workload = await httpOrigin(({ line }) => {
      const status = / \/(\d+) /.exec(line)?.[1] ?? "200"
      return `HTTP/1.1 ${status} Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
    })
    await using pillion = await startPillion({ flags: ["--proxy-type=dual", `--proxy-port=${workload.port}`] })
    await using chromium = await startChromium()
    for (const status of [200, 404, 503]) {
      await get(pillion, `http://${workload.authority}/${status}`)
      await (await fetch(`http://127.0.0.1:${pillion.ports.in}/${status}`, { proxy: "" })).text()
    }
    const page = await openPage(chromium, pillion)
    await page.evaluate(`document.querySelector("#tab-ended").click()`)
    await page.until(`document.querySelectorAll("tbody td.state").length >= 6`)
    for (const scheme of ["light", "dark"] as const) {
      await page.look(scheme, 1280, 800)
      const colours = new Map<string, Set<string>>()
      for (const [state, colour] of await tones(page)) {
        colours.set(state, (colours.get(state) ?? new Set()).add(colour))
      }
      const found = ["200", "404", "503"].map((state) => Array.from(colours.get(state) ?? []))
      // One colour each, whichever way it went, and three of them.
      expect(found.map(({ length }) => length)).toEqual([1, 1, 1])
      expect(new Set(found.flat()).size).toBe(3)
    }
    expect((await column(page, "direction")).toSorted()).toEqual(["in", "in", "in", "out", "out", "out"])
  },
  milliseconds,
)

test(
  "the history is the proxy's: it is there in full when the page is loaded again",
  async () => {
    await using pillion = await startPillion()
    await using chromium = await startChromium()
    using web = await httpOrigin(() => ok("hello"))
    for (let i = 0; i < 20; i++) await get(pillion, `http://${web.authority}/`)
    const page = await openPage(chromium, pillion)
    const peak = `[...document.querySelectorAll("#tiles .peak")].some((each) => /^peak [\\d.]+\\/s$/.test(each.textContent))`
    // What ended before the page was opened is in the chart.
    await page.until(peak)
    await page.until(`document.querySelector("#tiles .drawing").ariaLabel.includes("last ten minutes")`)
    await page.open(`http://127.0.0.1:${pillion.ports.admin}/`)
    await page.until(peak)
    expect(page.complaints).toEqual([])
  },
  milliseconds,
)

test(
  "the drain button asks first, then drains, and the page says when the proxy has ended",
  async () => {
    await using pillion = await startPillion({ flags: [`--admin-port=${unusedPort()}`] })
    await using chromium = await startChromium()
    using target = await echo()
    const tunnel = await openTunnel("connect", pillion.ports.out, target.port)
    const page = await openPage(chromium, pillion)
    await page.until(`document.querySelector("#tab-open span").textContent === "1"`)

    await page.evaluate(`document.querySelector("#drain").focus()`)
    await page.press("Enter")
    await page.until(`document.querySelector("#confirm").open`)
    // Whoever presses Enter once too often keeps the proxy.
    await page.press("Enter")
    await page.until(`!document.querySelector("#confirm").open`)
    expect(await pillion.health("/readyz")).toBe(200)

    await page.press("Enter")
    await page.until(`document.querySelector("#confirm").open`)
    await page.press("Tab")
    pillion.expectEnd()
    await page.press("Enter")
    await page.until(`document.querySelector("#state").textContent === "draining"`)
    expect(await pillion.health("/readyz")).toBe(503)
    tunnel.end()
    expect(await pillion.exited).toBe(0)
    await page.until(`document.querySelector("#trouble").textContent === "The proxy has drained and ended."`)
    // The next one on this port has not been drained.
    await using next = await startPillion({ flags: [`--admin-port=${pillion.ports.admin}`] })
    await page.until(
      `document.querySelector("#state").textContent === "ready" && !document.querySelector("#drain").disabled`,
    )
    expect([next.ports.admin, await page.evaluate<boolean>(`document.querySelector("#trouble").hidden`)]).toEqual([
      pillion.ports.admin,
      true,
    ])
  },
  milliseconds,
)

test(
  "a list of a thousand connections has some fifty rows in the document, and every one can be reached",
  async () => {
    await using pillion = await startPillion()
    await using chromium = await startChromium()
    using web = await httpOrigin(() => ok("hello"))
    const many = Array.from({ length: 600 }, (_, i) => i)
    for (const i of many) await get(pillion, `http://${web.authority}/${i}`)
    const page = await openPage(chromium, pillion)
    await page.evaluate(`document.querySelector("#tab-ended").click()`)
    await page.until(`document.querySelector("tbody td.target")?.textContent.endsWith("/599")`)
    expect(await page.evaluate<number>(`document.querySelectorAll("tbody tr").length`)).toBeLessThan(60)
    await page.evaluate(`document.querySelector(".scroll").focus()`)
    await page.press("End")
    await page.until(`[...document.querySelectorAll("td.target")].at(-1).textContent.endsWith("/0")`)
    // The last row is in sight, not only in the document.
    expect(
      await page.evaluate<boolean>(`(() => {
        const row = document.querySelector("tr[aria-selected=true]").getBoundingClientRect()
        const list = document.querySelector(".scroll").getBoundingClientRect()
        return row.bottom <= list.bottom + 1 && row.top >= list.top
      })()`),
    ).toBe(true)
  },
  milliseconds,
)

test(
  "it follows the theme of the system, and fits from a telephone to a wide screen without scrolling sideways",
  async () => {
    await using pillion = await startPillion()
    await using chromium = await startChromium()
    using web = await httpOrigin(() => ok("hello"))
    await get(pillion, `http://${web.authority}/orders/1`)
    for (const host of ["a", "b", "c"]) {
      await get(pillion, `http://${`${host.repeat(30)}.`.repeat(4)}invalid/${"long-segment/".repeat(12)}`)
    }
    const page = await openPage(chromium, pillion)
    await page.until(`document.querySelector("article.errors .headline .quiet").textContent === ""`)
    await get(pillion, `http://127.0.0.1:${unusedPort()}/lost`)
    await page.until(`document.querySelector("article.errors").textContent.includes("connection-refused 1")`)
    const ground = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor")
    const light = await ground()
    await page.look("dark", 1280, 800)
    expect(await ground()).not.toBe(light)
    const places = [
      "",
      "#tab=ended",
      "#tab=destinations",
      `#tab=ended&destination=outbound+${web.authority}`,
      "#tab=settings",
    ]
    for (const place of places) {
      await page.evaluate(`(location.hash = ${JSON.stringify(place)}, dispatchEvent(new PopStateEvent("popstate")))`)
      for (const width of [360, 400, 500, 700, 768, 900, 1100, 1280, 1600, 1920]) {
        await page.look(width % 3 === 0 ? "dark" : "light", width, 800)
        const { scrollWidth, clientWidth } = await page.evaluate<Record<"scrollWidth" | "clientWidth", number>>(
          "(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }))(document.documentElement)",
        )
        expect([place, width, scrollWidth]).toEqual([place, width, clientWidth])
        // The reasons of errors stand there in full, at every width.
        const cut = await page.evaluate<boolean>(`(({ scrollWidth, clientWidth, textContent }) =>
          scrollWidth > clientWidth || !textContent.includes("connection-refused 1"))(
            document.querySelector("article.errors .headline"))`)
        expect([place, width, cut]).toEqual([place, width, false])
      }
    }
    expect((await page.picture()).byteLength).toBeGreaterThan(10_000)
  },
  milliseconds,
)
