/**
 * Redactions: which values were replaced, by which rule, and by what.
 */
import type { RedactedPlace } from "../../../capture/record.ts"
import { visibleLine } from "../../../capture/text.ts"

export const Redactions = ({ places }: { readonly places: ReadonlyArray<RedactedPlace> }) => (
  <table class="fields" aria-label="Redacted values">
    <thead>
      <tr>
        <th scope="col">Where</th>
        <th scope="col">Rule</th>
        <th scope="col">Shown instead</th>
      </tr>
    </thead>
    <tbody>
      {places.map(({ path, rule, token, hint = {} }, i) => (
        <tr key={i}>
          <td>{visibleLine(path)}</td>
          <td>{visibleLine(rule)}</td>
          <td>{visibleLine([token, ...Object.entries(hint).map(([name, value]) => `${name}=${value}`)].join(" "))}</td>
        </tr>
      ))}
    </tbody>
  </table>
)
