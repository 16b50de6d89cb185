/**
 * Event stream: server-sent events (WHATWG HTML section 9.2). The data of an event may stand in several lines and is then
 * one text; comments and other fields are texts of their own.
 */
import { scanValue } from "./json.ts"
import type { Scan, Where } from "./scan.ts"
import { scanText } from "./text.ts"
import { joinLines, pieceOf, type View } from "./views.ts"

const lineEnd = /\r\n|\n|\r/g
const dataField = /^data(?:: ?|$)/

export const scanEventStream = (scan: Scan, view: View, where: Where): void => {
  const { text } = view
  const pieces: Array<readonly [start: number, end: number]> = []
  const flush = (): void => {
    if (pieces.length > 0) scanValue(scan, joinLines(view, pieces), where)
    pieces.length = 0
  }
  for (let start = 0; start < text.length;) {
    lineEnd.lastIndex = start
    const found = lineEnd.exec(text)
    const end = found?.index ?? text.length
    const data = dataField.exec(text.slice(start, end))?.[0]
    if (data !== undefined) pieces.push([start + data.length, end])
    else if (end > start) scanText(scan, pieceOf(view, start, end), where)
    else flush()
    start = end + (found?.[0].length ?? 0)
  }
  flush()
}
