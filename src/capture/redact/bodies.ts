/**
 * Bodies: finds the secrets of a body by the format that its type says. A body of no known type is looked at as text, or as
 * JSON if it is JSON.
 */
import { scanEventStream } from "./event-stream.ts"
import { scanJson, scanValue } from "./json.ts"
import { scanMultipart } from "./multipart.ts"
import type { Side } from "./places.ts"
import type { Scan, Where } from "./scan.ts"
import { scanPairs } from "./text.ts"
import type { View } from "./views.ts"
import { scanXml } from "./xml.ts"

/** Parts may have parts of their own, so deep. */
const maxParts = 3

/** Looks at a body. Throws CannotJudge where it is not what its type says. */
export const scanBody = (scan: Scan, view: View, side: Side, type: string): void =>
  scanTyped(scan, view, { side, part: "body", path: [], verdict: "open" }, type, 0)

const scanTyped = (scan: Scan, view: View, where: Where, type: string, depth: number): void => {
  if (view.text === "") return
  const media = (/^[^;,]*/.exec(type)?.[0] ?? "").trim().toLowerCase()
  if (isJsonType(media)) return scanJson(scan, view, { ...where, part: "json", path: [] })
  if (media === "text/event-stream") return scanEventStream(scan, view, where)
  if (media.startsWith("multipart/") && depth < maxParts) {
    return scanMultipart(scan, view, type, where, (part, type) => scanTyped(scan, part, where, type, depth + 1))
  }
  const isHtml = media === "text/html"
  if (isHtml || /[/+]xml$/.test(media)) return scanXml(scan, view, { ...where, part: "xml", path: [] }, isHtml)
  // curl and others say of everything that it is a form.
  if (media === "application/x-www-form-urlencoded" && !/^\s*[{[]/.test(view.text)) {
    return scanPairs(scan, view, { ...where, part: "form", path: [] }, scanValue)
  }
  return scanValue(scan, view, where)
}

const isJsonType = (media: string): boolean =>
  /[/+]json$/.test(media) || /^(?:application|text)\/(?:x-)?(?:nd-?json|jsonl(?:ines)?|json-seq)$/.test(media)
