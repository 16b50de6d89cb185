/**
 * Fields: what several views of the drawer are made of: facts by name, tables of fields, and texts with marks.
 */
import { Fragment } from "preact"

import type { FieldList } from "../../../capture/record.ts"
import { visibleLine } from "../../../capture/text.ts"
import type { Marks } from "../model/marks.ts"

/** A name and what is known by it; left out where nothing is. */
export type Fact = readonly [name: string, value: string | undefined]

export const Facts = ({ facts }: { readonly facts: ReadonlyArray<Fact> }) => (
  <dl>
    {facts
      .filter(([, value]) => value !== undefined && value !== "")
      .map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{visibleLine(value ?? "")}</dd>
        </Fragment>
      ))}
  </dl>
)

/** Text in which values that were replaced, and what is searched for, stand out. */
export const Marked = ({ text, marks }: { readonly text: string; readonly marks: Marks }) => (
  <>
    {marks.split(text).map(({ text: piece, redacted, isFound }, i) =>
      redacted === undefined && !isFound ? (
        piece
      ) : (
        <mark
          key={i}
          class={isFound ? "found" : "redacted"}
          title={redacted === undefined ? undefined : `was replaced: ${redacted.rule}, ${redacted.path}`}
        >
          {piece}
        </mark>
      ),
    )}
  </>
)

interface FieldsProps {
  /** What they are, for who does not see it. */
  readonly label: string
  readonly fields: FieldList
  readonly marks: Marks
}

/** Names and values in their order. */
export const Fields = ({ label, fields, marks }: FieldsProps) =>
  fields.length === 0 ? null : (
    <table class="fields" aria-label={label}>
      <tbody>
        {fields.map(([name, value], i) => (
          <tr key={i}>
            <th scope="row">
              <Marked text={visibleLine(name)} marks={marks} />
            </th>
            <td>
              <Marked text={visibleLine(value)} marks={marks} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
