/**
 * Copies: puts a request into the clipboard, as a command for curl or as an entry of a HAR document.
 */
import { useEffect, useRef, useState } from "preact/hooks"

import { curlOf } from "../../../capture/curl.ts"
import { harEntry } from "../../../capture/har.ts"
import type { HttpRecord } from "../../../capture/record.ts"

interface Copied {
  readonly what: string
  readonly text: string
  /** Undefined while the browser is asked. */
  readonly isDone: boolean | undefined
}

export const Copies = ({ record }: { readonly record: HttpRecord }) => {
  const [copied, setCopied] = useState<Copied | undefined>(undefined)
  const copy = async (what: string, text: string): Promise<void> => {
    setCopied({ what, text, isDone: undefined })
    const isDone = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
    setCopied({ what, text, isDone })
  }
  return (
    <div class="copies">
      <button id="copy-curl" onClick={() => void copy("the command", curlOf(record))}>
        Copy as curl
      </button>
      <button id="copy-har" onClick={() => void copy("the entry", JSON.stringify(harEntry(record), undefined, 2))}>
        Copy HAR entry
      </button>
      <span id="copied" class="quiet" role="status">
        {copied?.isDone === true ? `Copied ${copied.what}.` : ""}
      </span>
      {copied?.isDone === false ? <ByHand text={copied.text} /> : null}
    </div>
  )
}

/** The text, chosen, for a browser that does not let the page write into the clipboard. */
const ByHand = ({ text }: { readonly text: string }) => {
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    area.current?.focus()
    area.current?.select()
  }, [text])
  return (
    <label class="by-hand">
      This browser does not let the page copy; copy it by hand:
      <textarea ref={area} readOnly rows={6} value={text} />
    </label>
  )
}
