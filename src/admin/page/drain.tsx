/**
 * Drain: the one button that changes something. It asks first: there is no way back.
 */
import { useEffect, useRef, useState } from "preact/hooks"

import { whole } from "./model/format.ts"
import { postDrain } from "./model/poll.ts"

interface Props {
  /** Whether there is anything to drain. */
  readonly ready: boolean
  /** How many connections are open. */
  readonly open: number
  /** Hears why the proxy did not take it. */
  readonly refused: (why: string) => void
}

export const Drain = ({ ready, open, refused }: Props) => {
  const [posted, setPosted] = useState(false)
  const dialog = useRef<HTMLDialogElement>(null)
  // It has been taken; if the proxy is ready again, it is another one.
  useEffect(() => {
    if (!ready) setPosted(false)
  }, [ready])
  const ask = (): void => {
    if (dialog.current === null) return
    // What was answered the last time is no answer.
    dialog.current.returnValue = ""
    dialog.current.showModal()
  }
  const answered = (answer: string): void => {
    if (answer !== "drain") return
    setPosted(true)
    postDrain().catch((cause: unknown) => {
      setPosted(false)
      refused(`The drain was not taken: ${String(cause)}`)
    })
  }
  return (
    <>
      <button id="drain" class="danger" disabled={!ready || posted} onClick={ask}>
        Drain…
      </button>
      <dialog
        id="confirm"
        ref={dialog}
        aria-labelledby="confirm-title"
        aria-describedby="confirm-text"
        onClose={({ currentTarget }) => answered(currentTarget.returnValue)}
      >
        <form method="dialog">
          <h2 id="confirm-title">Drain this proxy?</h2>
          <p id="confirm-text">
            It reports that it is not ready, stops accepting, and ends.{rest(open)} This cannot be taken back.
          </p>
          <div class="choices">
            <button value="keep" autofocus>
              Keep running
            </button>
            <button value="drain" class="danger">
              Drain
            </button>
          </div>
        </form>
      </dialog>
    </>
  )
}

const rest = (open: number): string => {
  if (open === 0) return ""
  const those = open === 1 ? "The connection that is open" : `The ${whole(open)} connections that are open`
  return ` ${those} may finish until the drain timeout; what is left then is reset.`
}
