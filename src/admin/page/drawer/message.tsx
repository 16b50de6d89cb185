/**
 * Message: the request or the response of a record: its line, its fields in their order, its body, its trailers.
 */
import { requestHead, responseHead } from "../../../capture/raw.ts"
import type { HttpRecord, RecordedBody, FieldList } from "../../../capture/record.ts"
import { timeText, visibleLine } from "../../../capture/text.ts"
import { queryOf } from "../../../capture/url.ts"
import type { Marks } from "../model/marks.ts"

import { Body } from "./body.tsx"
import { Fields, Marked } from "./fields.tsx"

interface Props {
  readonly record: HttpRecord
  readonly marks: Marks
  /** What is folded is shown all the same, since somebody searches in it. */
  readonly isSearching: boolean
}

export const RequestPart = ({ record: { request }, marks, isSearching }: Props) => (
  <>
    <StartLine text={requestHead({ line: request.line, headers: [] })[0] ?? ""} marks={marks} />
    <Fields label="Header fields" fields={request.headers} marks={marks} />
    <Query fields={queryOf(request.line.target)} marks={marks} />
    <Rest body={request.body} trailers={request.trailers} marks={marks} isSearching={isSearching} />
  </>
)

export const ResponsePart = ({ record: { response }, marks, isSearching }: Props) =>
  response === undefined ? null : (
    <>
      {response.interim?.map(({ status, headers, t }, i) => (
        <section key={i} class="interim">
          <StartLine text={`${status} after ${timeText(t)}`} marks={marks} />
          <Fields label="Header fields of an interim answer" fields={headers} marks={marks} />
        </section>
      ))}
      <StartLine text={responseHead({ line: response.line, headers: [] })[0] ?? ""} marks={marks} />
      <Fields label="Header fields" fields={response.headers} marks={marks} />
      <Rest body={response.body} trailers={response.trailers} marks={marks} isSearching={isSearching} />
    </>
  )

const StartLine = ({ text, marks }: { readonly text: string; readonly marks: Marks }) => (
  <p class="start">
    <Marked text={visibleLine(text)} marks={marks} />
  </p>
)

const Query = ({ fields, marks }: { readonly fields: FieldList; readonly marks: Marks }) =>
  fields.length === 0 ? null : (
    <>
      <h3>Query</h3>
      <Fields label="Query" fields={fields} marks={marks} />
    </>
  )

interface RestProps extends Pick<Props, "marks" | "isSearching"> {
  readonly body: RecordedBody | undefined
  readonly trailers: FieldList | undefined
}

const Rest = ({ body, trailers, marks, isSearching }: RestProps) => (
  <>
    {body === undefined ? <p class="quiet">No body.</p> : <Body body={body} marks={marks} isSearching={isSearching} />}
    {trailers === undefined ? null : (
      <>
        <h3>Trailers</h3>
        <Fields label="Trailers" fields={trailers} marks={marks} />
      </>
    )}
  </>
)
