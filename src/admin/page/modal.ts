/**
 * Modal: a dialog that is open while its component says so.
 */
import type { RefObject } from "preact"
import { useLayoutEffect, useRef } from "preact/hooks"

/** The dialog's ref. It closes itself, by Escape or a form; its `close` event must make `open` false. */
export const useModal = (open: boolean): RefObject<HTMLDialogElement | null> => {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    if (!open || dialog.current === null) return
    // What was answered the last time is no answer.
    dialog.current.returnValue = ""
    dialog.current.showModal()
  }, [open])
  return dialog
}
