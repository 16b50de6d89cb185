/**
 * Frames: what passed message by message: the frames of a WebSocket as a conversation, or when the pieces of a body came.
 */
import type { HttpRecord, RecordedFrame } from "../../../capture/record.ts"
import { sizeText, timeText } from "../../../capture/text.ts"
import { contentFor } from "../model/content.ts"
import type { Marks } from "../model/marks.ts"

import { Shown } from "./body.tsx"

/** Messages that stand in the document at once. */
const maxShown = 1000

interface Props {
  readonly record: HttpRecord
  readonly marks: Marks
}

export const Frames = ({ record, marks }: Props) =>
  record.kind === "socket" ? (
    <ol class="frames">
      {record.frames.slice(0, maxShown).map((frame, i) => (
        <Frame key={i} frame={frame} marks={marks} />
      ))}
    </ol>
  ) : (
    <Chunks chunks={record.response?.body?.chunks ?? []} />
  )

const Frame = ({ frame, marks }: { readonly frame: RecordedFrame; readonly marks: Marks }) => {
  const { from, op, t, size, text, base64 } = frame
  return (
    <li data-from={from}>
      <p class="quiet">
        {from === "client" ? "client →" : "← target"} {op} · {timeText(t)} · {sizeText(size)}
      </p>
      <Shown content={contentFor({ text, base64, type: "" })} marks={marks} isSearching />
    </li>
  )
}

const Chunks = ({ chunks }: { readonly chunks: ReadonlyArray<readonly [t: number, length: number]> }) => (
  <table class="fields" aria-label="When the pieces of the answer came">
    <thead>
      <tr>
        <th scope="col">After</th>
        <th scope="col">Bytes</th>
      </tr>
    </thead>
    <tbody>
      {chunks.slice(0, maxShown).map(([t, length], i) => (
        <tr key={i}>
          <td>{timeText(t)}</td>
          <td>{sizeText(length)}</td>
        </tr>
      ))}
    </tbody>
  </table>
)
