/**
 * Heads: finds the secrets of a request target and of header and trailer fields.
 */
import { scanValue } from "./json.ts"
import type { Side } from "./places.ts"
import { hides, type Scan, type Where } from "./scan.ts"
import { scanPairs, scanText, scanUrlParameters } from "./text.ts"
import { decodePercent, pieceOf, type View } from "./views.ts"

/** A scheme and credentials (RFC 9110 section 11.4). */
const credentials = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}) +(?=\S)/
/** Schemes that stay in other fields than Authorization, too. */
const scheme = /^(?:Bearer|Basic|Token) +(?=\S)/i

/** Looks at the target of a request (RFC 9112 section 3.2): its path by shape, its query by name. */
export const scanTarget = (scan: Scan, view: View): void => {
  const query = view.text.search(/[?#]/)
  const path: Where = { side: "request", part: "path", path: [], verdict: "open" }
  scanText(scan, decodePercent(pieceOf(view, 0, query < 0 ? view.text.length : query)), path)
  if (query >= 0) scanPairs(scan, pieceOf(view, query + 1, view.text.length), { ...path, part: "query" }, scanValue)
}

/** Looks at the value of one field. */
export const scanField = (scan: Scan, side: Side, part: "headers" | "trailers", name: string, view: View): void => {
  const lower = name.toLowerCase()
  const where: Where = { side, part, path: [lower], verdict: "open" }
  const verdict = scan.judge(where)
  if (verdict === "keep") return
  if (verdict === "place") return scan.hide(view, 0, view.text.length, verdict, where)
  if (lower === "cookie") return scanCookies(scan, view, side)
  if (lower === "set-cookie") return scanSetCookie(scan, view, side, where)
  if (hides(verdict)) return hideCredentials(scan, view, where, lower.endsWith("authorization"))
  scanText(scan, view, where)
  // A URL without a scheme: Location, Link, Refresh.
  if (!view.text.includes("://")) scanUrlParameters(scan, view, 0, view.text.length, where, scanText)
}

/** The scheme stays, and of what follows it nothing. */
const hideCredentials = (scan: Scan, view: View, where: Where, isAuthorization: boolean): void => {
  const start = (isAuthorization ? credentials : scheme).exec(view.text)?.[0].length ?? 0
  const word = view.text.slice(0, start).trim().toLowerCase()
  const rule = word === "bearer" || word === "basic" ? word : "name"
  scan.hide(view, start, view.text.length, rule, where)
}

/** RFC 6265 section 4.2.1: names stay, all values go. */
const scanCookies = (scan: Scan, view: View, side: Side): void => {
  for (let start = 0; start < view.text.length;) {
    const found = view.text.indexOf(";", start)
    const end = found < 0 ? view.text.length : found
    scanCookie(scan, pieceOf(view, start, end), side)
    start = end + 1
  }
}

/** RFC 6265 section 4.1.1: the attributes stay. */
const scanSetCookie = (scan: Scan, view: View, side: Side, where: Where): void => {
  const found = view.text.indexOf(";")
  const end = found < 0 ? view.text.length : found
  scanCookie(scan, pieceOf(view, 0, end), side)
  scanText(scan, pieceOf(view, end, view.text.length), where)
}

const scanCookie = (scan: Scan, pair: View, side: Side): void => {
  // Without a name it is a value.
  const equals = pair.text.indexOf("=")
  const name = pair.text.slice(0, Math.max(equals, 0)).trim()
  const where: Where = { side, part: "cookies", path: [name], verdict: "name" }
  const verdict = scan.judge(where)
  if (verdict === "keep") return
  const { text } = pair
  let start = equals + 1
  let end = text.trimEnd().length
  while (start < end && text.charAt(start) === " ") start++
  if (end - start >= 2 && text.charAt(start) === '"' && text.charAt(end - 1) === '"') {
    start++
    end--
  }
  if (start >= end) return
  const value = decodePercent(pieceOf(pair, start, end))
  scan.hide(value, 0, value.text.length, verdict === "place" ? "place" : "name", where)
}
