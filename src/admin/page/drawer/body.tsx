/**
 * Body: the content of a message: JSON as a tree that folds, forms as a table, text, bytes; an image on demand.
 */
import { useMemo, useState } from "preact/hooks"

import type { RecordedBody } from "../../../capture/record.ts"
import { hexLines } from "../../../capture/text.ts"
import { type Content, contentFor, imageOf, notesOn } from "../model/content.ts"
import type { Marks } from "../model/marks.ts"

import { Json } from "./json.tsx"
import { Fields, Marked } from "./fields.tsx"

/** Characters of a text, and bytes of anything else, that are shown until somebody asks for more. */
const firstText = 64 * 1024
const firstBytes = 4 * 1024

interface Props {
  readonly body: RecordedBody
  readonly marks: Marks
  readonly isSearching: boolean
}

export const Body = ({ body, marks, isSearching }: Props) => {
  const content = useMemo(() => contentFor(body), [body])
  return (
    <>
      <h3>Body</h3>
      <p class="quiet" id="body-notes">
        {[body.type, ...notesOn(body)].filter((note) => note !== "").join(" · ")}
      </p>
      <Image body={body} />
      <Shown content={content} marks={marks} isSearching={isSearching} />
    </>
  )
}

interface ShownProps extends Pick<Props, "marks" | "isSearching"> {
  readonly content: Content
}

export const Shown = ({ content, marks, isSearching }: ShownProps) => {
  switch (content._tag) {
    case "Nothing":
      return null
    case "Pairs":
      return <Fields label="Fields of the body" fields={content.pairs} marks={marks} />
    case "Json":
      return isSearching ? <Text text={content.text} marks={marks} /> : <Json tree={content.tree} marks={marks} />
    case "Text":
      return <Text text={content.text} marks={marks} />
    case "Bytes":
      return <Bytes bytes={content.bytes} />
  }
}

const Text = ({ text, marks }: { readonly text: string; readonly marks: Marks }) => {
  const [most, setMost] = useState(firstText)
  return (
    <>
      <pre class="text">
        <Marked text={text.slice(0, most)} marks={marks} />
      </pre>
      {text.length > most ? <button onClick={() => setMost(text.length)}>Show the rest</button> : null}
    </>
  )
}

const Bytes = ({ bytes }: { readonly bytes: Uint8Array }) => {
  const [most, setMost] = useState(firstBytes)
  return (
    <>
      <pre class="text bytes">{hexLines(bytes, most).join("\n")}</pre>
      {bytes.length > most ? <button onClick={() => setMost(most * 4)}>Show more</button> : null}
    </>
  )
}

const Image = ({ body }: { readonly body: RecordedBody }) => {
  const [isShown, show] = useState(false)
  const address = imageOf(body)
  if (address === undefined) return null
  return isShown ? (
    <img class="image" src={address} alt="The body" />
  ) : (
    <button onClick={() => show(true)}>Show the image</button>
  )
}
