/**
 * Chart: two lines over the last two minutes, small, drawn as SVG: the colours follow the theme, and nothing blurs.
 */
import { element, say, shape } from "./dom.ts"

/** Units of the drawing; it is stretched to its place. */
const height = 100
/** Points across until there are more: a page that was just opened shows its first ones large. */
const fewest = 30

export interface Line {
  readonly name: string
  /** The oldest first; undefined where there was nothing to measure. */
  readonly values: ReadonlyArray<number | undefined>
}

export class Chart {
  readonly root: HTMLElement
  private readonly headline = element("strong")
  private readonly note = element("span", { class: "quiet" })
  private readonly peak = element("span", { class: "peak quiet" })
  private readonly drawing = shape("svg", {
    role: "img",
    preserveAspectRatio: "none",
  })
  private readonly paths = ["area", "first", "second"].map((name) => shape("path", { class: name }))
  private readonly legend: ReadonlyArray<HTMLElement>
  private readonly title: string
  private readonly format: (value: number) => string

  /** `tone` colours it by a class of page.css. */
  constructor(title: string, names: readonly [string, string], format: (value: number) => string, tone = "usual") {
    this.title = title
    this.format = format
    this.legend = names.map(() => element("b"))
    this.drawing.append(...this.paths)
    const keys = names.map((name, i) =>
      element("span", { class: i === 0 ? "first" : "second" }, `${name} `, this.legend[i]!),
    )
    this.root = element(
      "article",
      { class: tone },
      element("div", { class: "title" }, element("h2", {}, title), this.peak),
      element("p", { class: "headline" }, this.headline, " ", this.note),
      element("div", { class: "drawing" }, this.drawing),
      element("p", { class: "legend" }, ...keys),
    )
  }

  /** `headline` is what matters most now, and `note` what belongs to it. */
  show(headline: string, note: string, lines: readonly [Line, Line]): void {
    say(this.headline, headline)
    say(this.note, note)
    this.note.title = note
    const top = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)))
    const width = Math.max(fewest, ...lines.map(({ values }) => values.length)) - 1
    this.drawing.setAttribute("viewBox", `0 0 ${width} ${height}`)
    const drawn = lines.map(({ values }) => draw(values, top, width))
    const [first = "", second = ""] = drawn
    this.paths[0]?.setAttribute("d", fillBelow(first))
    this.paths[1]?.setAttribute("d", first)
    this.paths[2]?.setAttribute("d", second)
    say(this.peak, top > 0 ? `peak ${this.format(top)}` : "")
    const now = lines.map(({ values }) => this.shown(values.at(-1)))
    now.forEach((text, i) => say(this.legend[i]!, text))
    const words = lines.map(({ name }, i) => `${name} ${now[i]}`)
    this.drawing.setAttribute(
      "aria-label",
      `${this.title}, last two minutes: now ${words.join(", ")}; peak ${this.format(top)}`,
    )
  }

  private shown(value: number | undefined): string {
    return value === undefined ? "–" : this.format(value)
  }
}

/** The newest point is at the right edge; a gap bears no line. */
const draw = (values: ReadonlyArray<number | undefined>, top: number, width: number): string => {
  let path = ""
  let pen = "M"
  values.forEach((value, i) => {
    if (value === undefined) {
      pen = "M"
      return
    }
    const y = top === 0 ? height - 2 : height - 2 - (value / top) * (height - 6)
    path += `${pen}${width + 1 - values.length + i} ${y.toFixed(1)}`
    pen = "L"
  })
  return path
}

/** Every piece of the line closed along the bottom. */
const fillBelow = (path: string): string =>
  path
    .split("M")
    .slice(1)
    .map((piece) => {
      const xs = piece.split("L").map((point) => point.split(" ")[0] ?? "0")
      return `M${xs[0]} ${height}L${piece}L${xs.at(-1)} ${height}Z`
    })
    .join("")
