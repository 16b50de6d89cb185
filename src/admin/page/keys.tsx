/**
 * Keys: says in the footer which keys do something here and now.
 */
import type { Tab } from "./model/place.ts"

interface Props {
  readonly tab: Tab
  /** Whether the drawer is open. */
  readonly isOpen: boolean
}

export const Keys = ({ tab, isOpen }: Props) => (
  <footer class="quiet">
    <span>
      <kbd>/</kbd> filter
    </span>
    <span>
      <kbd>p</kbd> pause
    </span>
    {tab === "settings" ? null : (
      <span>
        <kbd>↑</kbd> <kbd>↓</kbd> choose a row
      </span>
    )}
    {isOpen ? (
      <span>
        <kbd>←</kbd> <kbd>→</kbd> choose a part
      </span>
    ) : null}
    {tab === "settings" || isOpen ? null : (
      <span>
        <kbd>Enter</kbd> open
      </span>
    )}
    <span>
      <kbd>Esc</kbd> {isOpen ? "close" : "back"}
    </span>
  </footer>
)
