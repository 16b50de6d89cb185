/**
 * Settings: every option with its value in force, and where that value came from.
 */
import type { Setting } from "./model/filters.ts"
import type { Told } from "./model/rows.ts"

interface Props {
  readonly settings: ReadonlyArray<Told>
  readonly fits: (setting: Setting) => boolean
}

/** Those that fit the filter; what somebody chose stands out from what holds by default. */
export const Settings = ({ settings, fits }: Props) => (
  <div class="scroll" tabIndex={0} role="group" aria-label="Settings">
    <table class="settings">
      <thead>
        <tr>
          <th scope="col">Option</th>
          <th scope="col">Value</th>
          <th scope="col">Origin</th>
        </tr>
      </thead>
      <tbody>
        {settings
          .map(settingOf)
          .filter(fits)
          .map(({ option, value, origin }) => (
            <tr key={option} class={origin === "default" ? "" : "chosen"}>
              <th scope="row">{option}</th>
              <td>{value === "" ? "–" : value}</td>
              <td>{origin}</td>
            </tr>
          ))}
      </tbody>
    </table>
  </div>
)

const settingOf = (told: Told): Setting => ({
  option: shown(told["option"]),
  value: shown(told["value"]),
  origin: shown(told["origin"]),
})

const shown = (value: unknown): string => {
  if (value === null || value === undefined) return ""
  if (Array.isArray(value)) return value.map(shown).join(", ")
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}
