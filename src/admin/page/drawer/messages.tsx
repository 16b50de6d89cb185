/**
 * Messages: a conversation with times: what the client sent stands to the right, what it got to the left.
 */
import type { HttpRecord } from "../../../capture/record.ts"
import type { Marks } from "../model/marks.ts"
import { messagesOf } from "../model/messages.ts"

import { Shown } from "./body.tsx"

interface Props {
  readonly record: HttpRecord
  readonly marks: Marks
}

export const Messages = ({ record, marks }: Props) => (
  <ol class="messages">
    {messagesOf(record).map(({ from, words, content }, i) => (
      <li key={i} data-from={from}>
        <p class="quiet">{from === "client" ? `→ ${words}` : `← ${words}`}</p>
        <Shown content={content} marks={marks} isSearching />
      </li>
    ))}
  </ol>
)
