/** The status page as it is sent, and who gets it. What it does in a browser is tested in test/browser. */
import { expect, test } from "bun:test"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

import { bundlePage } from "../../src/admin/bundle.ts"
import { statusPage, wantsPage } from "../../src/admin/status-page.ts"
import { startPillion } from "../support/pillion.ts"

/** What Chromium and Firefox send for a page; `fetch` and curl send the second. */
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

/** Bytes of the page as a browser over a slow port-forward would get it compressed. */
const maxCompressed = 70_000

const wants = (accept?: string): boolean =>
  wantsPage(
    HttpServerRequest.fromWeb(
      new Request("http://localhost/", accept === undefined ? {} : { headers: { Accept: accept } }),
    ),
  )

test("a browser that shows a page gets it; whoever takes anything, or says nothing, does not", () => {
  expect(wants(browser)).toBe(true)
  for (const accept of [undefined, "*/*", "application/json", "application/json, text/plain"]) {
    expect([accept, wants(accept)]).toEqual([accept, false])
  }
})

test("it is one small document that names no other", async () => {
  const html = await HttpServerResponse.toWeb(statusPage()).text()
  expect(html).toStartWith("<!doctype html>")
  expect(Bun.gzipSync(html).byteLength).toBeLessThan(maxCompressed)
  const named = [...html.matchAll(/(?:src|href)\s*=\s*["']?([^"'\s>]+)|url\(([^)]*)\)|@import/g)].map(([all]) => all)
  expect(named.filter((each) => !each.includes("data:image/svg+xml"))).toEqual([])
})

test("its policy lets in its own script and styles by their hash, and nothing else", () => {
  const { script, style } = bundlePage()
  const { headers } = HttpServerResponse.toWeb(statusPage())
  const policy = headers.get("Content-Security-Policy") ?? ""
  expect(policy).toContain(`default-src 'none'; script-src ${script}; style-src ${style};`)
  expect(policy).not.toMatch(/unsafe|\*|https?:/)
  expect(policy).toContain("frame-ancestors 'none'")
  expect([headers.get("X-Content-Type-Options"), headers.get("Cache-Control"), headers.get("Vary")]).toEqual([
    "nosniff",
    "no-store",
    "Accept",
  ])
})

test("the executable sends it under the same checks as everything of the admin listener", async () => {
  await using pillion = await startPillion()
  const ask = (accept: string, host = "localhost"): Promise<Response> =>
    fetch(`http://127.0.0.1:${pillion.ports.admin}/`, { headers: { Accept: accept, Host: host }, proxy: "" })
  const page = await ask(browser)
  expect([page.status, page.headers.get("Content-Type")]).toEqual([200, "text/html; charset=utf-8"])
  expect(await page.text()).toContain("<title>Pillion</title>")
  const overview = await ask("*/*")
  expect([overview.headers.get("Content-Type"), overview.headers.get("Vary")]).toEqual(["application/json", "Accept"])
  expect(await overview.json()).toMatchObject({ name: "pillion", state: "ready" })
  expect((await ask(browser, "evil.example")).status).toBe(403)
})
