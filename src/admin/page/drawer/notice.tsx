/**
 * Notice: why there is no record of what is open, and what to do about it.
 */
import { useState } from "preact/hooks"

import type { Captures } from "../model/captures.ts"
import type { Found } from "../model/found.ts"

interface Props {
  readonly found: Found
  /** Whether a request is open, and not a connection. */
  readonly isRequest: boolean
  readonly captures: Captures
  readonly lookAgain: () => void
}

export const Notice = ({ found, isRequest, captures, lookAgain }: Props) => {
  const [trouble, setTrouble] = useState("")
  const switchOn = async (): Promise<void> => {
    const answer = await captures.switch(true)
    if (answer._tag === "Failed") setTrouble(`Capture was not switched on: ${answer.why}`)
    lookAgain()
  }
  return (
    <div class="notice" role="status">
      {textOf(found, isRequest)}
      {found._tag === "Missing" && !found.isOn ? (
        <p>
          <button id="capture-on" onClick={() => void switchOn()}>
            Switch capture on
          </button>
        </p>
      ) : null}
      {(found._tag === "Missing" && found.isOn) || found._tag === "Failed" ? (
        <p>
          <button id="look-again" onClick={lookAgain}>
            Look again
          </button>
        </p>
      ) : null}
      {trouble === "" ? null : <p class="bad">{trouble}</p>}
    </div>
  )
}

const textOf = (found: Found, isRequest: boolean) => {
  switch (found._tag) {
    case "Record":
      return null
    case "Looking":
      return <p class="quiet">Looking for its record…</p>
    case "Locked":
      return found.isKnown ? (
        <p>
          401: the proxy does not take the token that this page has; it makes a new one at every start. Run{" "}
          <code>pillion open</code> again.
        </p>
      ) : (
        <p>
          What was sent and answered is shown to whoever has the token of this proxy. Run <code>pillion open</code>,
          which opens this page with it.
        </p>
      )
    case "Missing":
      if (!found.isOn) {
        return (
          <p>
            There is no record of this: capture is off. Once it is on, heads and bodies of what passes are kept in the
            proxy's memory, what is secret in them replaced.
          </p>
        )
      }
      return isRequest ? (
        <p>
          There is no record of this, though capture is on: it ended before that, capture-filter leaves it out, or it
          has made room for newer ones.
        </p>
      ) : (
        <p>There is no record of this connection; its requests have records of their own.</p>
      )
    case "Failed":
      return <p class="bad">{found.why}</p>
  }
}
