/**
 * Picture of a terminal: one screen of a full-screen program as SVG, with the few styles that our screens use. Pure.
 */

/** Pixels of a character, and around the screen. */
const [cellWidth, cellHeight, margin, fontSize] = [8.4, 18, 12, 14]
const [background, foreground] = ["#11151c", "#d6dbe3"]

/** By SGR number, as far as our screens use them. */
const colors: Readonly<Record<string, string>> = { 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 36: "#76d5e3" }

/** The last screen that was drawn whole; each begins at the upper left corner. */
export const frameOf = (raw: string): string => {
  const frames = raw.split("\x1b[H").filter((frame) => frame.includes("\x1b[J"))
  return (frames.at(-1) ?? "").split("\x1b[J")[0] ?? ""
}

/** A frame of so many columns; it may hold styles and erasures of the rest of a line, and no other control. */
export const svgOf = (frame: string, columns: number): string => {
  const lines = frame.split("\r\n")
  const [width, height] = [columns * cellWidth + 2 * margin, lines.length * cellHeight + 2 * margin]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<rect width="100%" height="100%" rx="8" fill="${background}"/>
<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${fontSize}">
${lines.flatMap(lineOf).join("\n")}
</g>
</svg>
`
}

/** One element for each run of characters in one style, at its place, so that any font keeps the columns. */
const lineOf = (line: string, row: number): ReadonlyArray<string> => {
  const elements: Array<string> = []
  let style = ""
  let column = 0
  for (const [, sgr, text] of line.replaceAll("\x1b[K", "").matchAll(/\x1b\[([0-9;]*)m|([^\x1b]+)/g)) {
    if (text === undefined) {
      style = sgr === "0" || sgr === undefined ? "" : sgr
      continue
    }
    elements.push(...runOf(text, style, column, row))
    column += text.length
  }
  return elements
}

const runOf = (text: string, style: string, column: number, row: number): ReadonlyArray<string> => {
  const [x, y, width] = [margin + column * cellWidth, margin + row * cellHeight, text.length * cellWidth]
  const styles = style.split(";")
  const inverse = styles.includes("7")
  const color = styles.map((each) => colors[each]).find((each) => each !== undefined) ?? foreground
  const box = `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${cellHeight}" fill="${foreground}"/>`
  if (text.trim() === "") return inverse ? [box] : []
  const attributes = [
    `x="${x.toFixed(1)}" y="${y + 0.72 * cellHeight}" textLength="${width.toFixed(1)}" lengthAdjust="spacingAndGlyphs"`,
    `fill="${inverse ? background : color}"`,
    ...(styles.includes("1") ? ['font-weight="bold"'] : []),
    ...(styles.includes("2") ? ['opacity="0.6"'] : []),
  ]
  return [...(inverse ? [box] : []), `<text ${attributes.join(" ")}>${escape(text)}</text>`]
}

/** Blanks become such that SVG does not put together. */
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(" ", "\u00a0")
