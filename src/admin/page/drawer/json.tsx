/**
 * Json: a tree of JSON that folds. Values are the text that was sent; what is folded is not in the document.
 */
import { useMemo, useState } from "preact/hooks"

import type { JsonTree } from "../../../capture/json-tree.ts"
import { visibleLine } from "../../../capture/text.ts"
import { maxMembers, membersOf, unfolded } from "../model/content.ts"
import type { Marks } from "../model/marks.ts"

import { Marked } from "./fields.tsx"

interface Props {
  readonly tree: JsonTree
  readonly marks: Marks
}

export const Json = ({ tree, marks }: Props) => {
  const open = useMemo(() => unfolded(tree), [tree])
  return (
    <div class="json">
      <Value tree={tree} open={open} marks={marks} name={undefined} />
    </div>
  )
}

interface ValueProps extends Props {
  /** The containers that are unfolded at first. */
  readonly open: ReadonlySet<JsonTree>
  /** The name, or the index, that it has in its container. */
  readonly name: string | undefined
}

const Value = ({ tree, open, marks, name }: ValueProps) => {
  if (tree.kind !== "leaf") return <Container tree={tree} open={open} marks={marks} name={name} />
  return (
    <div class="leaf">
      <Name name={name} marks={marks} />
      <span class={kindOf(tree.text)}>
        <Marked text={visibleLine(tree.text)} marks={marks} />
      </span>
    </div>
  )
}

const Container = ({ tree, open, marks, name }: ValueProps) => {
  const [isOpen, setOpen] = useState(open.has(tree))
  const [most, setMost] = useState(maxMembers)
  const members = useMemo(() => membersOf(tree), [tree])
  const [begin, end] = tree.kind === "object" ? ["{", "}"] : ["[", "]"]
  if (members.length === 0) {
    return (
      <div class="leaf">
        <Name name={name} marks={marks} />
        {begin}
        {end}
      </div>
    )
  }
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <Name name={name} marks={marks} />
        {begin}
        {isOpen ? null : (
          <span class="quiet">
            {members.length}
            {end}
          </span>
        )}
      </summary>
      {isOpen ? (
        <>
          <div class="members">
            {members.slice(0, most).map(([each, member]) => (
              <Value key={each} tree={member} open={open} marks={marks} name={each} />
            ))}
            {members.length > most ? (
              <button onClick={() => setMost(most + 10 * maxMembers)}>{members.length - most} more</button>
            ) : null}
          </div>
          {end}
        </>
      ) : null}
    </details>
  )
}

const Name = ({ name, marks }: { readonly name: string | undefined; readonly marks: Marks }) =>
  name === undefined ? null : (
    <span class="name">
      <Marked text={visibleLine(name)} marks={marks} />:{" "}
    </span>
  )

const kindOf = (text: string): string => (text.startsWith('"') ? "string" : /^[-\d]/.test(text) ? "numeral" : "word")
