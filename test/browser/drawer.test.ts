/**
 * The drawer of the status page in a real browser, by the keyboard alone: what was recorded of a row, the token that it
 * takes, and lists of ten thousand rows beside it.
 */
import { expect } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { build } from "../../scripts/build.ts"
import { charge, makeExchange, makeRequest, makeResponse, textBody } from "../support/capture-records.ts"
import { needs } from "../support/needs.ts"
import { httpOrigin, ok } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { startPillion } from "../support/pillion.ts"
import { runCommand } from "../support/process.ts"
import { type Chromium, type Page, startChromium } from "./chromium.ts"
import { lineOf, type PageServer, servePage, token } from "./page-server.ts"

/** A start of Chromium on a busy machine is the longest of it. */
const milliseconds = 60_000
const test = needs("chromium")

/** An order of the shop, which caused the charge, and whose answer would like to be a page. */
const order = makeExchange({
  target: "shop.test:80",
  t_first_byte: 210,
  t_total: 214,
  request: makeRequest({
    method: "POST",
    target: "/orders?size=two%20words",
    headers: [
      ["Host", "shop.test"],
      ["Content-Type", "application/x-www-form-urlencoded"],
    ],
    body: textBody("name=Ada&password=tok_4b1d9e77a0c2", "application/x-www-form-urlencoded"),
  }),
  response: makeResponse(
    201,
    [["Content-Type", "text/html"]],
    textBody("<script>document.title = 'owned'</script><img src=x onerror=alert(1)>", "text/html"),
  ),
  redacted: [{ path: "request.form.password", rule: "name", token: "tok_4b1d9e77a0c2" }],
})

const openPage = async (chromium: Chromium, server: PageServer, hash = `#token=${token}&tab=ended`): Promise<Page> => {
  const page = await chromium.page()
  await page.look("light", 1280, 860)
  await page.open(server.address(hash))
  await page.until(`document.querySelector("#state").textContent === "ready"`)
  return page
}

/** The part of the page's address behind its #. */
const hash = (page: Page): Promise<string> => page.evaluate("decodeURIComponent(location.hash)")
const text = (page: Page, selector: string): Promise<string> =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? "nothing"`)
/** Waits until a part of the drawer is shown. */
const part = (page: Page, name: string): Promise<void> =>
  page.until(`document.querySelector("#details [aria-selected=true]")?.id === "view-${name}"`)
const title = (page: Page, words: string): Promise<void> =>
  page.until(`document.querySelector("#details-title")?.textContent === ${JSON.stringify(words)}`)
const focus = (page: Page): Promise<string> =>
  page.evaluate(`document.activeElement.id || document.activeElement.className || document.activeElement.tagName`)

test(
  "a row's record is opened, read part by part, walked from and closed by the keyboard alone",
  async () => {
    await using server = await servePage()
    server.add(order)
    server.add(charge)
    await using chromium = await startChromium()
    const page = await openPage(chromium, server)
    await page.until(`document.querySelectorAll("tbody tr").length === 2`)

    // Nothing has the keyboard yet: the arrows find the list.
    await page.press("ArrowDown")
    expect(await focus(page)).toBe("scroll")
    expect(await page.evaluate<string>(`document.querySelector("tr[aria-selected=true] .target").textContent`)).toBe(
      "POST pay.example:443/v1/charges",
    )
    await page.press("Enter")
    await title(page, "POST https://pay.example/v1/charges?key=tok_4b1d9e77a0c2")
    await page.until(`location.hash.includes("record=")`)
    expect(await hash(page)).toBe(`#tab=ended&row=e2&record=${charge.id}`)
    expect(await text(page, "#details .outcome")).toBe("201")
    expect(await text(page, "#details .stages")).toBe("dial 1.3 mswait 151 msreceive 0.29 ms")
    expect(await text(page, "#details dl")).toContain("127.0.0.1:40112")

    // The list has the keyboard still: left and right go through the parts, up and down through the rows.
    await page.press("ArrowRight")
    await part(page, "request")
    expect(await text(page, "#part .start")).toBe("POST /v1/charges?key=tok_4b1d9e77a0c2 HTTP/1.1")
    expect(await text(page, "#part .json")).toContain('card: "4000008812345671"')
    const marked = `[...document.querySelectorAll("#part mark")].map(({ textContent, title }) => [textContent, title])`
    expect(await page.evaluate<unknown>(marked)).toContainEqual([
      "tok_9f2c61d3b8aa",
      "was replaced: bearer, request.headers.authorization",
    ])
    await page.press("ArrowRight")
    await part(page, "response")
    expect(await text(page, "#body-notes")).toBe("application/json · 36 B · gzip of 55 B taken away")
    await page.press("ArrowRight")
    await part(page, "tls")
    expect(await text(page, "#part")).toContain("TLS_AES_128_GCM_SHA256")
    await page.press("ArrowRight")
    await part(page, "redacted")
    expect(await page.evaluate<number>(`document.querySelectorAll("#part tbody tr").length`)).toBe(3)
    await page.press("ArrowLeft")
    await page.press("ArrowLeft")
    await part(page, "response")
    await page.press("ArrowDown")
    await title(page, "POST http://shop.test/orders?size=two%20words")
    await part(page, "response")
    await page.until(`location.hash.includes("record=${order.id}")`)
    expect(await focus(page)).toBe("scroll")

    // What caused what leads from one to the other, and Back returns.
    await page.press("ArrowLeft")
    await page.press("ArrowLeft")
    await part(page, "overview")
    await page.until(`document.querySelector("#part .related button") !== null`)
    await page.press("Tab")
    for (let i = 0; i < 12 && (await text(page, ":focus")) !== "7c11e4"; i++) await page.press("Tab")
    await page.press("Enter")
    await title(page, "POST https://pay.example/v1/charges?key=tok_4b1d9e77a0c2")
    expect(await text(page, "#part .related")).toContain("caused by 77b0aa known by traceparent")
    await page.evaluate("history.back()")
    await title(page, "POST http://shop.test/orders?size=two%20words")

    await page.press("Escape")
    await page.until(`document.querySelector("#details") === null`)
    expect(await hash(page)).toBe("#tab=ended")
    expect(await focus(page)).toBe("scroll")
    expect(page.complaints).toEqual([])
  },
  milliseconds,
)

test(
  "what was recorded is text: a body of <script> is shown and does not run",
  async () => {
    await using server = await servePage()
    server.add(order)
    await using chromium = await startChromium()
    const page = await openPage(chromium, server, `#token=${token}&tab=ended&row=e1&view=response`)
    await part(page, "response")
    expect(await text(page, "#part .text")).toBe(
      "<script>document.title = 'owned'</script><img src=x onerror=alert(1)>",
    )
    expect(await page.evaluate<number>(`document.querySelectorAll("#details script, #details img").length`)).toBe(0)
    expect(await page.evaluate<string>("document.title")).toBe("Pillion")
    await page.evaluate(`document.querySelector("#view-request").click()`)
    await part(page, "request")
    expect(await page.evaluate<unknown>(`[...document.querySelectorAll("#part .fields")].at(-1).innerText`)).toBe(
      "name\tAda\npassword\ttok_4b1d9e77a0c2",
    )
    expect(page.complaints).toEqual([])
  },
  milliseconds,
)

test(
  "the token leaves the address at once, and is neither in what is sent nor in another tab",
  async () => {
    await using server = await servePage()
    server.add(order)
    await using chromium = await startChromium()
    const page = await openPage(chromium, server, `#filter=shop&token=${token}&tab=ended&row=e1`)
    await title(page, "POST http://shop.test/orders?size=two%20words")
    await page.until(`location.hash.includes("record=")`)
    const address = await page.evaluate<string>("location.href")
    expect(address).not.toContain(token)
    expect(await page.evaluate<number>("history.length")).toBeLessThan(4)
    expect(page.asked.filter((url) => new URL(url).pathname !== "/" && url.includes(token))).toEqual([])
    // It is kept for this tab, until that is closed.
    await page.send("Page.reload")
    await page.until(`document.querySelector("#state")?.textContent === "ready"`)
    await title(page, "POST http://shop.test/orders?size=two%20words")

    // Whoever gets the address sees the same row, and is told what it takes to see more.
    const other = await openPage(chromium, server, new URL(address).hash)
    await other.until(`document.querySelector("#details")?.dataset.found === "Locked"`)
    expect(await text(other, ".notice")).toContain("Run pillion open, which opens this page with it.")
    expect(await text(other, "#part dl")).toContain("/orders")
    expect(await page.evaluate<string>(`document.querySelector("#filter").value`)).toBe("shop")
    expect(other.asked.filter((url) => url.includes("/captures"))).toEqual([])

    // A token that is none of this proxy's, pasted where the page is open: 401 is told, and the right one mends it.
    await other.evaluate(`location.hash += "&token=wrong"`)
    await other.until(`document.querySelector(".notice").textContent.startsWith("401: ")`)
    expect(await hash(other)).not.toContain("token")
    await other.evaluate(`location.hash += "&token=${token}"`)
    await title(other, "POST http://shop.test/orders?size=two%20words")
    expect(await other.evaluate<string>("location.href")).not.toContain(token)
    // A refusal by the server is a line on the console, and nothing else is.
    expect(other.complaints.filter((each) => !each.includes("401"))).toEqual([])
  },
  milliseconds,
)

test(
  "where nothing is recorded the drawer says so, and a button switches capture on",
  async () => {
    await using server = await servePage()
    server.world.ended.push(lineOf(order))
    await using chromium = await startChromium()
    const page = await openPage(chromium, server)
    await page.until(`document.querySelectorAll("tbody tr").length === 1`)
    await page.press("ArrowDown")
    await page.press("Enter")
    await page.until(`document.querySelector("#capture-on") !== null`)
    expect(await text(page, ".notice")).toStartWith("There is no record of this: capture is off.")
    await page.evaluate(`document.querySelector("#capture-on").focus()`)
    await page.press("Enter")
    await page.until(`document.querySelector("#look-again") !== null`)
    expect(server.world.isOn).toBe(true)
    expect(await text(page, ".notice")).toStartWith("There is no record of this, though capture is on")
    // What is recorded from now on is found.
    server.add({ ...order, id: charge.id, n: 2 })
    await page.until(`document.querySelectorAll("tbody tr").length === 2`)
    await page.press("Escape")
    await page.press("ArrowUp")
    await page.press("Enter")
    await title(page, "POST http://shop.test/orders?size=two%20words")
    expect(page.complaints).toEqual([])
  },
  milliseconds,
)

test(
  "a request is copied as a command for curl and as a HAR entry, and searched in",
  async () => {
    await using server = await servePage()
    server.add(charge)
    await using chromium = await startChromium()
    await chromium.send("Browser.grantPermissions", { permissions: ["clipboardReadWrite", "clipboardSanitizedWrite"] })
    const page = await openPage(chromium, server, `#token=${token}&tab=ended&row=e1&view=request`)
    await page.send("Page.bringToFront")
    await part(page, "request")
    const clipboard = (): Promise<string> => page.evaluate("navigator.clipboard.readText()")
    await page.evaluate(`document.querySelector("#copy-curl").focus()`)
    await page.press("Enter")
    await page.until(`document.querySelector("#copied").textContent === "Copied the command."`)
    expect(await clipboard()).toContain(
      `curl 'https://pay.example/v1/charges?key='"\${TOK_4B1D9E77A0C2:?was redacted}"`,
    )
    await page.press("Tab")
    await page.press("Enter")
    await page.until(`document.querySelector("#copied").textContent === "Copied the entry."`)
    expect(JSON.parse(await clipboard())).toMatchObject({ _id: charge.id, response: { status: 201 } })

    await page.press("Tab")
    expect(await focus(page)).toBe("within")
    await page.write("PAY")
    await page.until(`document.querySelectorAll("#part mark.found").length === 1`)
    expect(await text(page, ".within [role=status]")).toBe("1 place")
    expect(await text(page, "mark[aria-current]")).toBe("pay")
    // Escape empties the field first, and closes then.
    await page.press("Escape")
    await page.until(`document.querySelectorAll("#part mark.found").length === 0`)
    await page.press("Escape")
    await page.until(`document.querySelector("#details") === null`)
    expect(page.complaints).toEqual([])
  },
  milliseconds,
)

/** A line of the access log. */
const line = (i: number, more: object = {}): object => ({
  time: new Date(Date.UTC(2026, 10, 28) + i * 10).toISOString(),
  flow: i,
  n: 1,
  direction: i % 2 === 0 ? "inbound" : "outbound",
  protocol: "http",
  client: `10.0.0.${i % 250}:40000`,
  target: `api-${i % 50}.example:443`,
  bytes_in: i,
  bytes_out: i * 10,
  t_total: i % 1000,
  phase: "data",
  method: "GET",
  authority: `api-${i % 50}.example`,
  path: `/things/${i}`,
  status: [200, 204, 404, 503][i % 4],
  ...more,
})

/** The most rows that were in the document in any frame, while the list is scrolled for as many frames. */
const mostWhileScrolling = (page: Page, frames: number): Promise<number> =>
  page.evaluate(`new Promise((resolve) => {
    const list = document.querySelector(".scroll")
    let most = 0
    let left = ${frames}
    const frame = () => {
      most = Math.max(most, list.querySelectorAll("tbody tr").length)
      list.scrollTop += 700
      if (left-- > 0) requestAnimationFrame(frame)
      else resolve(most)
    }
    requestAnimationFrame(frame)
  })`)

test(
  "ten thousand rows stay smooth: some fifty are in the document, and every one is reached, with the drawer open too",
  async () => {
    await using server = await servePage()
    server.world.ended = Array.from({ length: 10_000 }, (_, i) => line(i))
    await using chromium = await startChromium()
    const page = await openPage(chromium, server)
    await page.until(`document.querySelector("#tab-ended span").textContent === "10,000"`)
    const rows = (): Promise<number> => page.evaluate(`document.querySelectorAll("tbody tr").length`)
    expect(await rows()).toBeLessThan(60)
    expect(await mostWhileScrolling(page, 60)).toBeLessThan(60)
    await page.evaluate(`document.querySelector(".scroll").focus()`)
    await page.press("End")
    await page.until(`document.querySelector("tr[aria-selected=true] .target")?.textContent.endsWith("/things/0")`)
    await page.press("Enter")
    await page.until(`document.querySelector("#details") !== null`)
    for (let i = 1; i <= 20; i++) await page.press("ArrowUp")
    await page.until(`location.hash.includes("row=e21")`)
    expect(await rows()).toBeLessThan(60)
    // Those that were only walked past were not looked up.
    await page.until(`document.querySelector("#details-title").textContent === "Request 1 on connection 20"`)
    await page.until(`document.querySelector("#capture-on") !== null`)
    expect(page.asked.filter((url) => url.includes("/captures?")).length).toBeLessThan(12)
    // A filter is looked through in full.
    await page.press("/")
    await page.write("path:/things/9876")
    await page.until(`document.querySelector("#shown").textContent === "1 of 10,000 shown"`)
    // What comes is added, and the oldest goes.
    server.world.ended.push(line(10_000))
    await page.evaluate(`(filter.value = "", filter.dispatchEvent(new Event("input")))`)
    await page.evaluate(`document.querySelector(".scroll").scrollTop = 0`)
    await page.until(`document.querySelector("td.target")?.textContent.endsWith("/things/10000")`)
    expect(await text(page, "#tab-ended span")).toBe("10,000")
    expect(page.complaints).toEqual([])
  },
  milliseconds,
)

test(
  "from 400 to 1600 pixels, light and dark, nothing scrolls sideways and no reason is cut, with the drawer and without",
  async () => {
    await using server = await servePage()
    const long = "v".repeat(400)
    server.add({
      ...order,
      request: makeRequest({ target: `/${long}?a=${long}`, headers: [[long, long]], body: textBody(long) }),
    })
    server.world.ended.push(
      line(1, { status: undefined, refusal: "address-type-not-supported", path: `/${long}` }),
      line(2, { status: undefined, error: "the target closed before it answered (ECONNRESET)" }),
    )
    await using chromium = await startChromium()
    const page = await openPage(chromium, server)
    await page.until(`document.querySelectorAll("tbody tr").length === 3`)
    for (const place of ["", "&row=e1", "&row=e1&view=request", "&row=e1&view=redacted", "&row=e2"]) {
      await page.evaluate(`(location.hash = "tab=ended${place}", dispatchEvent(new PopStateEvent("popstate")))`)
      if (place !== "") await page.until(`document.querySelector("#details") !== null`)
      for (const width of [400, 500, 700, 768, 900, 1100, 1280, 1600]) {
        await page.look(width % 200 === 0 ? "dark" : "light", width, 800)
        const { scrollWidth, clientWidth } = await page.evaluate<Record<"scrollWidth" | "clientWidth", number>>(
          "(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }))(document.documentElement)",
        )
        expect([place, width, scrollWidth]).toEqual([place, width, clientWidth])
        const cut = await page.evaluate<ReadonlyArray<string>>(
          `[...document.querySelectorAll("td.state")]
            .filter((cell) => cell.scrollWidth > cell.clientWidth || cell.scrollHeight > cell.clientHeight)
            .map((cell) => cell.textContent)`,
        )
        expect([place, width, cut]).toEqual([place, width, []])
      }
    }
    expect(page.complaints).toEqual([])
  },
  milliseconds,
)

/** Two requests on one connection, as a client that keeps it sends them. */
const ask = async (port: number, host: string, prefix: string): Promise<void> => {
  using client = await rawConnect(port)
  for (const path of ["/first?token=s3cret-of-the-first", "/second?token=s3cret-of-the-second"]) {
    client.send(`GET ${prefix}${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    await client.readUntil(`answer to ${path.split("?")[0]}`)
  }
}

test(
  "of the running proxy: pillion open leads to the page, where every request has its own record, both ways",
  async () => {
    using web = await httpOrigin(({ line }) =>
      ok(`answer to ${/\/[a-z]+/.exec(line.replace(/\w+:\/\/[^/]+/, ""))?.[0]}`),
    )
    const runtime = await mkdtemp(join(tmpdir(), "pillion-open-"))
    const env = { XDG_RUNTIME_DIR: runtime }
    await using pillion = await startPillion({ env, flags: [`--proxy-port=${web.port}`, "--capture=memory"] })
    await using chromium = await startChromium()
    await ask(pillion.ports.out, web.authority, `http://${web.authority}`)
    await ask(pillion.ports.in, "shop.test", "")
    const opened = await runCommand([await build(), "open", `--admin-port=${pillion.ports.admin}`], { env })
    expect(opened).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}\n$/),
      stderr: "pillion: not opened, for no desktop is here: open the address in a browser yourself\n",
    })
    const page = await chromium.page()
    await page.look("light", 1280, 860)
    await page.open(`${opened.stdout.trim()}&tab=ended`)
    await page.until(`document.querySelectorAll("tbody tr").length === 4`)
    expect(await page.evaluate<string>("location.hash")).toBe("#tab=ended")
    const found: Array<readonly [path: string, which: string]> = []
    for (let i = 0; i < 4; i++) {
      await page.press("ArrowDown")
      if (i === 0) await page.press("Enter")
      await page.until(`document.querySelector("#details")?.dataset.found === "Record" &&
        document.querySelector("tr[aria-selected=true]")?.rowIndex === ${i + 1} && location.hash.includes("record=")`)
      const target = await text(page, "tr[aria-selected=true] .target")
      const facts = await text(page, "#part dl")
      found.push([target.split("/").at(-1) ?? "", /(?:in|out)bound, number \d/.exec(facts)?.[0] ?? facts])
    }
    // Whatever else is not in a record, as what could not be searched for secrets in time: it is that of its request.
    expect(found.toSorted()).toEqual([
      ["first", "inbound, number 1"],
      ["first", "outbound, number 1"],
      ["second", "inbound, number 2"],
      ["second", "outbound, number 2"],
    ])
    // What is secret never came to the page.
    expect(await page.evaluate<string>("document.body.innerText")).not.toContain("s3cret")
    expect(page.complaints).toEqual([])
    const refused = await fetch(`http://127.0.0.1:${pillion.ports.admin}/captures`, { proxy: "" })
    expect(refused.status).toBe(401)
    await rm(runtime, { recursive: true })
  },
  milliseconds,
)
