/**
 * Reload: what of newly read settings holds at once, and what waits for a restart.
 */
import { optionKeys, options } from "./options.ts"
import type { Settings } from "./settings.ts"

export interface Reload {
  /** The settings in force with every reloadable option from the new ones. */
  readonly settings: Settings
  /** Names of options that changed at once. */
  readonly changed: ReadonlyArray<string>
  /** Names of options that differ and wait for a restart. */
  readonly waiting: ReadonlyArray<string>
}

/** Pure; levels, deadlines, limits, resolve, strictness, destinations, the filter of the access log and how a capture records are reloadable, as the option table says. */
export const reload = (current: Settings, next: Settings): Reload => {
  const settings: { -readonly [K in keyof Settings]: Settings[K] } = { ...current }
  const changed: Array<string> = []
  const waiting: Array<string> = []
  const compare = <K extends keyof Settings>(key: K): void => {
    const { name, kind, reloadable } = options[key]
    if (JSON.stringify(kind.show(current[key])) === JSON.stringify(kind.show(next[key]))) return
    if (!reloadable) {
      waiting.push(name)
      return
    }
    settings[key] = next[key]
    changed.push(name)
  }
  optionKeys.forEach(compare)
  return { settings, changed, waiting }
}
