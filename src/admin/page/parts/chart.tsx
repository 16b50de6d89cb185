/**
 * Chart: two lines over the last ten minutes, small, drawn by uPlot. The legend shows the newest values, or those
 * under the pointer.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks"
import uPlot from "uplot"

/** Points across until there are more: a page that was just opened shows its first ones large. */
const fewest = 30

export interface PlottedLine {
  readonly name: string
  /** One a second, the oldest first; undefined where there was nothing to measure. */
  readonly values: ReadonlyArray<number | undefined>
}

interface Props {
  readonly title: string
  /** The fact that matters most now. */
  readonly headline: string
  /** The text that belongs to the headline. */
  readonly note: string
  readonly format: (value: number) => string
  /** Both have as many values. */
  readonly first: PlottedLine
  readonly second: PlottedLine
  /** A class of page.css that colours it. */
  readonly tone?: string
}

export const Chart = ({ title, headline, note, format, first, second, tone = "usual" }: Props) => {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const [pointed, point] = useState<number | undefined>(undefined)

  useLayoutEffect(() => {
    if (place.current === null) return undefined
    const made = makePlot(place.current, point)
    plot.current = made.plot
    return made.destroy
  }, [])
  useEffect(() => plot.current?.setData(dataOf(first, second)), [first, second])

  const top = Math.max(0, ...[...first.values, ...second.values].map((value) => value ?? 0))
  const last = first.values.length - 1
  const at = pointed === undefined || pointed > last ? last : pointed
  const told = [first, second].map(({ name, values }) => ({ name, value: shown(values[at], format) }))
  const words = [first, second].map(({ name, values }) => `${name} ${shown(values[last], format)}`).join(", ")
  const peak = top > 0 ? `peak ${format(top)}` : ""
  return (
    <article class={tone}>
      <div class="title">
        <h2>{title}</h2>
        <span class="peak quiet">{at === last ? peak : `${last - at} s ago`}</span>
      </div>
      <p class="headline">
        <strong>{headline}</strong>{" "}
        <span class="quiet" title={note}>
          {note}
        </span>
      </p>
      <div class="drawing" ref={place} role="img" aria-label={`${title}, last ten minutes: now ${words}; ${peak}`} />
      <p class="legend">
        {told.map(({ name, value }, i) => (
          <span key={name} class={i === 0 ? "first" : "second"}>
            {name} <b>{value}</b>
          </span>
        ))}
      </p>
    </article>
  )
}

const shown = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined ? "–" : format(value)

/** Seconds before now, and both lines; uPlot draws no line through null. */
const dataOf = (first: PlottedLine, second: PlottedLine): uPlot.AlignedData => [
  first.values.map((_, i) => i + 1 - first.values.length),
  first.values.map((value) => value ?? null),
  second.values.map((value) => value ?? null),
]

/** A plot that fills its place and follows its size and the theme; `point` hears which value is pointed at. */
const makePlot = (place: HTMLElement, point: (index: number | undefined) => void) => {
  const color = (name: string) => (): string => getComputedStyle(place).getPropertyValue(name)
  const plot = new uPlot(
    {
      width: Math.max(1, place.clientWidth),
      height: Math.max(1, place.clientHeight),
      padding: [2, 0, 0, 0],
      legend: { show: false },
      axes: [{ show: false }, { show: false }],
      scales: {
        x: { time: false, range: (_, oldest) => [Math.min(1 - fewest, oldest ?? 0), 0] },
        // A line of zeros lies on the bottom, not in the middle.
        y: { range: (_, __, most) => [0, most > 0 ? most * 1.05 : 1] },
      },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      series: [
        {},
        { stroke: color("--accent"), fill: color("--accent-faint"), width: 1.5, points: { show: false } },
        { stroke: color("--second"), width: 1.5, points: { show: false } },
      ],
      hooks: { setCursor: [({ cursor }) => point(cursor.idx ?? undefined)] },
    },
    [[], [], []],
    place,
  )
  const fit = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: place.clientHeight }))
  fit.observe(place)
  const theme = matchMedia("(prefers-color-scheme: dark)")
  const repaint = (): void => plot.redraw()
  theme.addEventListener("change", repaint)
  const destroy = (): void => {
    fit.disconnect()
    theme.removeEventListener("change", repaint)
    plot.destroy()
  }
  return { plot, destroy }
}
