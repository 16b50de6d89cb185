/**
 * Details: everything that is known of one row, with a bar that shows where its time went.
 */
import { element, find } from "./dom.ts"
import { bytes, duration } from "./format.ts"
import type { Row } from "./rows.ts"

/** Fields as the admin listener names them, in the order that a connection goes through them. */
const stages = [
  ["t_detect", "detect"],
  ["t_handshake", "handshake"],
  ["t_dial", "dial"],
  ["t_first_byte", "first byte"],
] as const

/** Lets a click beside the panel close it, as Escape and its button do. */
export const closeDetailsBeside = (): void => {
  const dialog = find("details", HTMLDialogElement)
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close()
  })
}

/** Opens the panel. */
export const showDetails = (row: Row): void => {
  const dialog = find("details", HTMLDialogElement)
  const kind = row.told["method"] === undefined ? "Connection" : "Request on connection"
  find("details-title", HTMLHeadingElement).textContent = `${kind} ${row.flow}`
  find("details-body", HTMLDivElement).replaceChildren(timing(row), facts(row))
  dialog.showModal()
}

const facts = ({ told }: Row): HTMLElement => {
  const list = element("dl")
  for (const [field, value] of Object.entries(told)) {
    if (value === null || value === undefined || value === "") continue
    list.append(label(field), element("dd", {}, shown(field, value)))
  }
  return list
}

/** `t_first_byte` is the time of a stage, and has its colour in the bar. */
const label = (field: string): HTMLElement => {
  const stage = stages.find(([name]) => name === field)?.[1]
  const words = field.replace(/^t_(.*)/, "$1 time").replaceAll("_", " ")
  return element("dt", {}, words, ...(stage === undefined ? [] : [element("i", { class: stageClass(stage) })]))
}

const stageClass = (name: string): string => `stage-${name.replace(" ", "-")}`

const shown = (field: string, value: unknown): string => {
  if (typeof value !== "number") return String(value)
  if (field.startsWith("bytes_")) return bytes(value)
  return field.startsWith("t_") || field === "age" ? duration(value) : String(value)
}

/** One piece a stage, as wide as it took; nothing for what is still open. */
const timing = ({ told }: Row): HTMLElement => {
  const bar = element("div", { class: "timing" })
  const total = told["t_total"]
  if (typeof total !== "number" || total <= 0) return bar
  let rest = total
  const add = (name: string, milliseconds: number): void => {
    const piece = element("span", { class: stageClass(name) })
    piece.style.flexGrow = String(milliseconds / total)
    piece.title = `${name} ${duration(milliseconds)}`
    bar.append(piece)
  }
  for (const [field, name] of stages) {
    const milliseconds = told[field]
    if (typeof milliseconds !== "number") continue
    add(name, milliseconds)
    rest -= milliseconds
  }
  if (rest > 0) add("data", rest)
  bar.setAttribute("role", "img")
  bar.setAttribute("aria-label", [...bar.children].map((piece) => piece.getAttribute("title")).join(", "))
  return bar
}
