/** Things to filter: a vocabulary with everything that one can have. */
import { type Expression } from "../../src/observe/filter/expression.ts"
import { parse } from "../../src/observe/filter/parse.ts"
import { isProblem } from "../../src/observe/filter/problem.ts"
import { Vocabulary } from "../../src/observe/filter/vocabulary.ts"

export interface Thing {
  readonly name?: string
  readonly colour?: string
  readonly shape?: string
  readonly size?: number
  readonly code?: number
  readonly tags?: Readonly<Record<string, string>>
  readonly old?: boolean
}

export const vocabulary = new Vocabulary<Thing>({
  fields: {
    name: { kind: "text", get: ({ name }) => name },
    colour: { kind: "choice", get: ({ colour }) => colour, values: ["red", "green"] },
    shape: { kind: "choice", get: ({ shape }) => shape },
    size: { kind: "number", get: ({ size }) => size },
    code: { kind: "number", get: ({ code }) => code, classes: true },
  },
  families: { tag: (tag) => ({ kind: "text", get: ({ tags }) => tags?.[tag] }) },
  facts: { old: ({ old }) => old === true },
  texts: ({ name, colour }) => [name, colour],
})

export const understood = (text: string): Expression => {
  const parsed = parse(text, vocabulary)
  if (isProblem(parsed)) throw new Error(`${text} ${parsed.problem}`)
  return parsed
}

export const thing: Thing = { name: "Big/Box", colour: "red", size: 20, code: 503, tags: { x: "Yes" }, old: true }
