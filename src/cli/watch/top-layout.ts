/**
 * Top layout: coloured text in lines of a given width, and numbers as `pillion top` writes them. What does not fit into a
 * line goes on in the next; nothing is cut that a person could miss.
 */

/** Text and the ANSI codes to show it in. */
export type Piece = string | readonly [text: string, style: string]
export type Pieces = ReadonlyArray<Piece>

export const bold = "1"
export const dim = "2"
export const inverse = "7"
export const red = "31"
export const green = "32"
export const yellow = "33"
export const cyan = "36"

/** Columns that labels at the left take. */
export const labelWidth = 14

export const label = (text: string): Piece => [` ${text}`.padEnd(labelWidth), dim]

const textOf = (piece: Piece): string => (typeof piece === "string" ? piece : piece[0])

export const widthOf = (pieces: Pieces): number => pieces.reduce((sum, piece) => sum + textOf(piece).length, 0)

/** Groups one after another behind a first piece; one that does not fit begins a line, below the first group. */
export const flow = (first: Piece, groups: ReadonlyArray<Pieces>, width: number): ReadonlyArray<Pieces> => {
  const indent = textOf(first).length
  const lines: Array<Array<Piece>> = [[first]]
  let used = indent
  for (const group of groups) {
    const needed = widthOf(group)
    // Blanks at the end of a group may be cut.
    if (used > indent && used + needed - trailing(group) > width) {
      lines.push([" ".repeat(indent)])
      used = indent
    }
    lines.at(-1)?.push(...group)
    used += needed
  }
  return lines
}

const trailing = (group: Pieces): number => {
  const last = textOf(group.at(-1) ?? "")
  return last.length - last.trimEnd().length
}

/** A text over as many lines as it needs; the first has `before` in front, the others as many blanks. */
export const folded = (before: Pieces, text: string, style: string, width: number): ReadonlyArray<Pieces> => {
  const indent = widthOf(before)
  const room = Math.max(1, width - indent)
  const parts = text.length === 0 ? [""] : (text.match(new RegExp(`.{1,${room}}`, "gsu")) ?? [""])
  const blanks: Pieces = [" ".repeat(indent)]
  return parts.map((part, i) => (i === 0 ? before : blanks).concat([[part, style]]))
}

/** Cut to the width, or the terminal would put what is left on the next line. */
export const draw = (
  pieces: Pieces,
  { columns, color }: { readonly columns: number; readonly color: boolean },
): string => {
  let room = columns
  let line = ""
  for (const piece of pieces) {
    const style = typeof piece === "string" ? "" : piece[1]
    const shown = textOf(piece).slice(0, room)
    room -= shown.length
    line += color && style !== "" && shown !== "" ? `\x1b[${style}m${shown}\x1b[0m` : shown
  }
  return line
}

const blocks = "▁▂▃▄▅▆▇█"

/** Heights relative to the highest; nothing at all is a line at the bottom. */
export const sparkline = (values: ReadonlyArray<number>): string => {
  const highest = Math.max(...values, 0)
  return values.map((value) => blocks[highest === 0 ? 0 : Math.round((value / highest) * (blocks.length - 1))]).join("")
}

/** `12,345` */
export const whole = (value: number): string => String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ",")

/** `0.5`, `12.3`, `1,234` */
export const perSecond = (value: number): string => (value < 100 ? value.toFixed(1) : whole(value))

/** `100%`, `99.9%`, `7%`; never 100 % where something failed. */
export const percent = (share: number | undefined): string => {
  if (share === undefined) return "-"
  if (share === 1 || share === 0) return `${share * 100}%`
  return `${Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1)}%`
}

/** `999 B`, `1.2 kB`, `575 kB`, `12 GB`: never wider than seven characters, so that columns keep apart. */
export const size = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"]
  let [value, unit] = [bytes, 0]
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** `0.4 ms`, `12 ms`, `1.2 s` */
export const time = (milliseconds: number | undefined): string => {
  if (milliseconds === undefined) return "-"
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  return `${(milliseconds / 1000).toFixed(1)} s`
}

/** `3d 4h`, `2h 13m`, `5m 10s` */
export const age = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600), Math.floor(seconds / 60)]
  if (days > 0) return `${days}d ${hours % 24}h`
  if (hours > 0) return `${hours}h ${minutes % 60}m`
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`
}
