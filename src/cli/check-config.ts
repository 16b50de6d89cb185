/**
 * Check-config: every option's value and origin, for a person or for a program. Renders only; whoever calls it prints
 * this to stdout and the warnings to stderr.
 */
import { allOptions } from "../config/options.ts"
import type { Loaded, Origin } from "../config/sources.ts"

/** An aligned table; ends with a newline. */
export const checkConfigText = (loaded: Loaded): string => {
  const rows = loaded.origins.map((row) => [row.option, cell(row), row.origin] as const)
  const first = Math.max(...rows.map(([option]) => option.length)) + 2
  // One long list must not push every origin out of sight.
  const second = Math.min(Math.max(...rows.map(([, value]) => value.length)), 40) + 2
  return [["option", "value", "origin"] as const, ...rows]
    .map(([option, value, origin]) => `${option.padEnd(first)}${`${value} `.padEnd(second)}${origin}\n`)
    .join("")
}

/** An array of {option, value, origin}; ends with a newline. */
export const checkConfigJson = (loaded: Loaded): string => `${JSON.stringify(loaded.origins, undefined, 2)}\n`

const cell = ({ option, value }: Origin): string => {
  if (value === null) return "-"
  // An empty list of addresses to bind to stands for something.
  if (String(value) === "") return allOptions.find(({ name }) => name === option)?.initialText ?? "-"
  return String(value)
}
