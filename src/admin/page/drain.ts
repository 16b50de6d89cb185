/**
 * Drain: the one button that changes something. It asks first: there is no way back.
 */
import { find } from "./dom.ts"
import { whole } from "./format.ts"
import { postDrain } from "./poll.ts"

/** `open` is how many connections are open; `failed` hears why the proxy did not take it. */
export const askBeforeDrain = (open: () => number, failed: (why: string) => void): void => {
  const button = find("drain", HTMLButtonElement)
  const dialog = find("confirm", HTMLDialogElement)
  const text = find("confirm-text", HTMLParagraphElement)
  button.addEventListener("click", () => {
    const many = open()
    const those = many === 1 ? "The connection that is open" : `The ${whole(many)} connections that are open`
    const rest = many === 0 ? "" : ` ${those} may finish until the drain timeout; what is left then is reset.`
    text.textContent = `It reports that it is not ready, stops accepting, and ends.${rest} This cannot be taken back.`
    dialog.returnValue = ""
    dialog.showModal()
  })
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "drain") return
    button.disabled = true
    postDrain().catch((cause: unknown) => {
      button.disabled = false
      failed(`The drain was not taken: ${String(cause)}`)
    })
  })
}
