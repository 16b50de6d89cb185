/**
 * Every order of what can happen to a relay, an exchange and a connection, as far as a minute goes; and orders at random
 * that are longer. What fails is shown as a playbook.
 */
import { expect, test } from "bun:test"
import { type Begin, exploredConnection, exploredExchange, exploredRelay } from "../support/explored.ts"
import { explore, type Explored, playOrder, shrink, wander } from "../support/explorer.ts"
import { holdTime, type World } from "../support/playbook.ts"
import { fuzz } from "../support/random.ts"
import { relay, type RelayWorld } from "../support/worlds.ts"

holdTime()

/** A person waits for some ten seconds, CI for about a minute. */
const shallower = process.env["CI"] === undefined ? 1 : 0
const timer = { timeout: 120_000 }

const get = "client > GET http://a/1 HTTP/1.1|Host: a||"
const post = "client > POST http://a/2 HTTP/1.1|Host: a|Content-Length: 4||"
const answer = ["HTTP/1.1 200 OK|Content-Length: 8||", "<answer>"]
const whole = "HTTP/1.1 200 OK|Content-Length: 8||<answer>"
const upTo = (length: number) => `HTTP/1.1 200 OK|Content-Length: ${length + 8}||{${length}}<answer>`

interface Deep extends Begin {
  readonly depth: number
}

const relays: Readonly<Record<string, Deep>> = {
  "from its start": { depth: 5, before: [], client: ["ab", "cd"], target: ["xy", "z"] },
  "with a slow reader of much": {
    depth: 4,
    before: ["client reads slowly", "target > {70000}"],
    client: ["ab"],
    target: ["xy"],
  },
  "both behind": {
    depth: 5,
    before: ["client has room for 1", "target has room for 1", "client > abc", "target > xyz"],
    client: ["", "de"],
    target: ["", "w"],
  },
  "reset behind its FIN": {
    depth: 5,
    before: ["target has room for 1", "client > abc", "client finishes unread"],
    client: [],
    target: ["xy", "z"],
  },
}

const exchanges: Readonly<Record<string, Deep>> = {
  "from its start": { depth: 6, before: [], client: [get.slice(9), post.slice(9), "body"], target: answer },
  "a request under way": { depth: 4, before: [get, "supply"], client: ["", post.slice(9), "body"], target: answer },
  "a second request": {
    depth: 4,
    before: [get, "supply", `origin > ${whole}`, get.replace("/1", "/3")],
    client: ["", "", post.slice(9)],
    target: ["", ...answer],
  },
  "an early answer": {
    depth: 5,
    before: [post, "supply", `origin > ${whole}`],
    client: ["", "bo", "dy", get.slice(9)],
    target: ["", "x"],
  },
  "an early answer before a close": {
    depth: 5,
    before: [post, "supply", `origin > ${whole.replace("OK|", "OK|Connection: close|")}`],
    client: ["", "bo", "dy"],
    target: ["", "x"],
  },
  "an early answer that is to come": {
    depth: 4,
    before: [post, "supply", "client has room for 1"],
    client: ["", "bo", "dy"],
    target: [whole.replace("OK|", "OK|Connection: close|")],
  },
  "an answer that ends with its connection": {
    depth: 4,
    before: [get, "supply"],
    client: [""],
    target: ["HTTP/1.1 200 OK||<answer>", "more"],
  },
  "a slow reader of much": {
    depth: 3,
    before: ["client reads slowly", get, "supply", `origin > ${upTo(70_000)}`],
    client: ["", get.slice(9).replace("/1", "/4")],
    target: ["", whole],
  },
  "two requests at once, and a short write": {
    depth: 5,
    before: [`${get}${get.slice(9).replace("/1", "/5")}`, "supply", "client has room for 1"],
    client: [""],
    target: [whole, whole],
  },
}

const connections: Readonly<Record<string, Deep>> = {
  "from its start": { depth: 6, before: [], client: ["CONNECT a:443 HTTP/1.1|Host: a||", "ab"], target: ["xy", "z"] },
  dialling: {
    depth: 5,
    before: ["client > CONNECT a:443 HTTP/1.1|Host: a||"],
    client: ["", "ab", "c"],
    target: ["xy"],
  },
  "a request": { depth: 5, before: [get], client: ["", "CONNECT b:443 HTTP/1.1|Host: b||", "ab"], target: [whole] },
  "an upgrade": {
    depth: 4,
    before: ["client > GET http://a/ HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: x||", "connected"],
    client: ["", "ab"],
    target: ["HTTP/1.1 101 Yes|Connection: Upgrade|Upgrade: x||xy", "z"],
  },
}

/** Every order up to `depth`, in CI, and longer ones at random. */
const play = <W extends World>(explored: Explored<W>, depth: number): void => {
  expect(explore(explored, depth - shallower)).toBeGreaterThan(100)
  fuzz(1, (random) => wander(explored, shallower > 0 ? 300 : 1000, 25, random))
}

for (const name in relays) {
  const { depth, ...begin } = relays[name]!
  test(`a relay, ${name}`, () => play(exploredRelay(begin), depth), timer)
  test(`a relay that somebody listens to, ${name}`, () => play(exploredRelay(begin, true), depth), timer)
}
for (const name in exchanges) {
  const { depth, ...begin } = exchanges[name]!
  test(`an exchange, ${name}`, () => play(exploredExchange(begin), depth), timer)
}
for (const name in connections) {
  const { depth, ...begin } = connections[name]!
  test(`a connection, ${name}`, () => play(exploredConnection(begin), depth), timer)
  const over = exploredConnection(begin, { counted: true })
  test(`a connection through ends over ends, ${name}`, () => play(over, depth - 1), timer)
}

/** A target that loses the second thing that it is written. */
const defective: Explored<RelayWorld> = {
  ...exploredRelay(relays["from its start"]!),
  make: () => {
    const world = relay()()
    const { target } = world
    const write = target.write.bind(target)
    let writes = 0
    target.write = (bytes, offset = 0) => (writes++ === 1 ? bytes.length - offset : write(bytes, offset))
    return world
  },
}

/** What was needed to find it: two chunks, and that the client finishes in the end. */
const shown =
  /^[^\n]*target got FIN, and not all that client had sent[^\n]*\n\n    client > ab\n    target < ab\n    client > cd\n    target gets FIN\n/

test("a defect is found, and shown as the shortest playbook that has it", () => {
  expect(() => explore(defective, 3)).toThrow(shown)
})

test("also where it is found behind much that has nothing to do with it", () => {
  const lines = [
    "client > ab",
    "target > xy",
    "target has room for 1",
    "target drains",
    "its time is up",
    "client > cd",
  ]
  expect(() => playOrder(defective, lines)).toThrow(shown)
})

const needed = ["7", "23", "24", "49"]

test("shrinking leaves out all that is not needed, and nothing that is", () => {
  const order = Array.from({ length: 50 }, (_, at) => `${at}`)
  expect(shrink(order, (shorter) => needed.every((one) => shorter.includes(one)))).toEqual(needed)
})
