/**
 * Settings: every option with its value in force, and where that value came from.
 */
import { element } from "./dom.ts"
import type { Told } from "./rows.ts"

/** A table of the settings that fit the filter; what somebody chose stands out from what holds by default. */
export const settingsTable = (settings: ReadonlyArray<Told>, fits: (words: string) => boolean): HTMLElement => {
  const rows = settings
    .map((told) => [shown(told["option"]), shown(told["value"]), shown(told["origin"])] as const)
    .filter((cells) => fits(cells.join(" ").toLowerCase()))
    .map(([option, value, origin]) =>
      element(
        "tr",
        origin === "default" ? {} : { class: "chosen" },
        element("th", { scope: "row" }, option),
        element("td", {}, value === "" ? "–" : value),
        element("td", {}, origin),
      ),
    )
  const head = ["Option", "Value", "Origin"].map((title) => element("th", { scope: "col" }, title))
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": "Settings" },
    element(
      "table",
      { class: "settings" },
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows),
    ),
  )
}

const shown = (value: unknown): string => {
  if (value === null || value === undefined) return ""
  if (Array.isArray(value)) return value.map(shown).join(", ")
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}
