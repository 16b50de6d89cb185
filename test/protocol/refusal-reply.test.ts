import { expect, test } from "bun:test"

import { empty } from "../../src/protocol/bytes.ts"
import { refusal } from "../../src/protocol/refusal.ts"
import { closing, type RefusalForm, refusalReply } from "../../src/protocol/refusal-reply.ts"

const refused = refusal("name-not-found", "x")

test("a refusal is said by the protocol that the client speaks, in the form that was asked for or the closing one", () => {
  const forms: Array<RefusalForm> = []
  const spoken = {
    refused: (_: typeof refused, form: RefusalForm) => {
      forms.push(form)
      return Uint8Array.of(1)
    },
  }
  const open = { close: false, body: false }
  expect(refusalReply(spoken, refused)).toEqual(Uint8Array.of(1))
  expect(refusalReply(spoken, refused, open)).toEqual(Uint8Array.of(1))
  expect(forms).toEqual([closing, open])
})

test("a client that speaks nothing known gets no bytes", () => {
  expect(refusalReply(undefined, refused)).toBe(empty)
})
