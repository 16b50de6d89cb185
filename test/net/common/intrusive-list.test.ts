/** Things in their order, any of which may leave. */
import { expect, test } from "bun:test"

import { IntrusiveList, type ListNode } from "../../../src/net/common/intrusive-list.ts"

class Thing implements ListNode<Thing> {
  previous: Thing | undefined = undefined
  next: Thing | undefined = undefined
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

const make = (names: string) => {
  const chain = new IntrusiveList<Thing>()
  const things = [...names].map((name) => new Thing(name))
  for (const thing of things) chain.add(thing)
  return { chain, things, at: (name: string) => things.find((thing) => thing.name === name)! }
}

/** What is in it, read forwards and backwards. */
const names = (chain: IntrusiveList<Thing>): readonly [string, string] => {
  let backwards = ""
  for (let thing = chain.last; thing !== undefined; thing = thing.previous) backwards = thing.name + backwards
  return [Array.from(chain, ({ name }) => name).join(""), backwards]
}

test("whoever leaves, the others keep their order", () => {
  for (const leaving of ["a", "c", "e", "ab", "de", "ace", "bcd", "abcde", "edcba"]) {
    const { chain, at } = make("abcde")
    for (const name of leaving) chain.remove(at(name))
    const left = [..."abcde"].filter((name) => !leaving.includes(name)).join("")
    expect([leaving, ...names(chain)]).toEqual([leaving, left, left])
    expect([chain.first?.name, chain.last?.name]).toEqual([left.at(0), left.at(-1)])
  }
})

test("who has left may come again, and is the last one then", () => {
  const { chain, at } = make("abc")
  chain.remove(at("a"))
  chain.add(at("a"))
  expect(names(chain)).toEqual(["bca", "bca"])
})

const walks = {
  "one by one": (chain: IntrusiveList<Thing>, visit: (thing: Thing) => void) => {
    for (const thing of chain) visit(thing)
  },
  "by a call": (chain: IntrusiveList<Thing>, visit: (thing: Thing) => void) => chain.forEach(visit),
}

for (const [how, walk] of Object.entries(walks)) {
  test(`who is given ${how} may leave before the next one is asked for`, () => {
    const { chain } = make("abc")
    const given: Array<string> = []
    walk(chain, (thing) => {
      given.push(thing.name)
      chain.remove(thing)
    })
    expect([given.join(""), ...names(chain)]).toEqual(["abc", "", ""])
  })
}
