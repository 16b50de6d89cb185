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
    expect(await page.evaluate<string>("document.body.textContent")).not.toContain("secret")
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
    await page.until(`document.querySelector("#details").open`)
    expect(await page.evaluate<string>(`document.querySelector("#details").textContent`)).toContain("/a")
    await page.press("Escape")
    await page.until(`!document.querySelector("#details").open`)

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
  "it follows the theme of the system, and fits a telephone without scrolling sideways",
  async () => {
    await using pillion = await startPillion()
    await using chromium = await startChromium()
    const page = await openPage(chromium, pillion)
    const ground = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor")
    const light = await ground()
    await page.look("dark", 1280, 800)
    expect(await ground()).not.toBe(light)
    for (const width of [360, 768, 1280, 1920]) {
      await page.look("light", width, 800)
      const { scrollWidth, clientWidth } = await page.evaluate<Record<"scrollWidth" | "clientWidth", number>>(
        "(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }))(document.documentElement)",
      )
      expect([width, scrollWidth]).toEqual([width, clientWidth])
    }
    expect((await page.picture()).byteLength).toBeGreaterThan(10_000)
  },
  milliseconds,
)
