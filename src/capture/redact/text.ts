/**
 * Text: what is looked for in a text that has no format: shapes, and the parameters of URLs by their names.
 */
import { hides, type Scan, type Where } from "./scan.ts"
import { findShapes, minText } from "./shapes/shapes.ts"
import { urlEnd } from "./shapes/urls.ts"
import { decodeForm, decodePercent, pieceOf, type View } from "./views.ts"

/** Looks at a value that no name hides. */
export type ScanValue = (scan: Scan, view: View, where: Where) => void

/** A URL may be a parameter of a URL; deeper nobody looks. */
const maxUrlDepth = 2

/** Texts of this length and more have the clock looked at before and behind. */
const longText = 4_096

export const scanText: ScanValue = (scan, view, where) => scanWithUrls(scan, view, where, 0)

const scanWithUrls = (scan: Scan, view: View, where: Where, depth: number): void => {
  const { text, cut } = view
  if (where.verdict === "keep" || (text.length < minText && !cut)) return
  if (text.length >= longText) scan.time.look()
  findShapes(text, cut, scan.shapes, (start, end, shape) => scan.hide(view, start, end, shape, where))
  if (text.length >= longText) scan.time.look()
  if (depth < maxUrlDepth && (isReference(text) || text.includes("://"))) scanUrls(scan, view, where, depth + 1)
}

const scanUrls = (scan: Scan, view: View, where: Where, depth: number): void => {
  const { text } = view
  const scanValue: ScanValue = (scan, value, where) => scanWithUrls(scan, value, where, depth)
  if (isReference(text)) return scanUrlParameters(scan, view, 0, text.length, where, scanValue)
  for (let at = text.indexOf("://"); at >= 0;) {
    const end = urlEnd(text, at)
    scanUrlParameters(scan, view, at, end, where, scanValue)
    at = text.indexOf("://", Math.max(end, at + 3))
  }
}

/** A URL without scheme and host that is all of a text: `/next?token=...`. */
const isReference = (text: string): boolean => "/?#.".includes(text.charAt(0)) && urlEnd(text, 0) === text.length

/** The parameters of a URL that stands between `start` and `end`, those of its fragment too. */
export const scanUrlParameters = (
  scan: Scan,
  view: View,
  start: number,
  end: number,
  where: Where,
  scanValue: ScanValue,
): void => {
  const url = view.text.slice(start, end)
  const query = url.search(/[?#]/)
  if (query >= 0) scanPairs(scan, pieceOf(view, start + query + 1, end), { ...where, part: "query" }, scanValue)
}

/**
 * `name=value` pairs with `&` between them; in a query `?` and `#` divide as well, since a URL that somebody forgot to
 * encode is a value like any. In a form `+` is a space.
 */
export const scanPairs = (scan: Scan, view: View, where: Where, scanValue: ScanValue): void => {
  const isForm = where.part === "form"
  const decode = isForm ? decodeForm : decodePercent
  const dividers = isForm ? /&/g : /[&?#]/g
  for (let start = 0; start <= view.text.length;) {
    const end = dividers.test(view.text) ? dividers.lastIndex - 1 : view.text.length
    const pair = pieceOf(view, start, end)
    const equals = pair.text.indexOf("=")
    const named = { ...where, path: [decode(pieceOf(pair, 0, Math.max(equals, 0))).text] }
    const value = decode(pieceOf(pair, equals + 1, pair.text.length))
    const verdict = equals < 0 ? where.verdict : scan.judge(named)
    if (hides(verdict)) scan.hide(value, 0, value.text.length, verdict, named)
    else scanValue(scan, value, { ...named, verdict })
    // A name may hold what is secret, too.
    if (equals >= 0) scanValue(scan, decode(pieceOf(pair, 0, equals)), named)
    if (end === view.text.length) break
    start = end + 1
  }
}
