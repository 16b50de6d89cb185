/**
 * Resolver: the addresses of a name, from the system's own getaddrinfo.
 *
 * So /etc/hosts, search domains, and whatever else nsswitch.conf names apply as for every other program here, and the
 * order is RFC 6724's. `Bun.connect` is never given a name: it would resolve again, after the policy has judged, and by
 * rules of its own. A lookup cannot be cancelled and may take as long as resolv.conf lets it; a caller that cannot wait
 * leaves, and the answer is still remembered.
 */
import { dns } from "bun"
import { availableParallelism } from "node:os"
import { type Address, parseAddress } from "../../protocol/address.ts"
import { refusal, type Refusal } from "../../protocol/refusal.ts"
import { parseHost } from "../../protocol/target.ts"

/** Milliseconds. Short, for getaddrinfo does not tell a record's time to live: long enough to carry a burst. */
export const foundTtl = 5000
export const missingTtl = 1000
/** Names whose answer is remembered; the oldest makes room. */
export const maxRemembered = 256
/** Addresses of one name that are tried; at 250 ms each, sixteen fill the better part of a dial's deadline. */
export const maxAddresses = 16
/**
 * Lookups that the system works on at once. Bun runs getaddrinfo on about as many threads as there are processors,
 * and a silent name server holds each for many seconds: what waits here can still be dropped, what waits there cannot.
 */
export const maxLookups = Math.max(8, availableParallelism())

export interface Found {
  readonly _tag: "Found"
  readonly addresses: ReadonlyArray<Address>
}

export type Resolution = Found | { readonly _tag: "Missing"; readonly refusal: Refusal }

export interface Resolver {
  /** Calls `done` once, perhaps before it returns. The function that is returned leaves without an answer. */
  readonly lookup: (name: string, done: Answered) => () => void
  /** Forgets an answer whose addresses led nowhere: the next lookup asks again, unless one has done so since. */
  readonly forget: (name: string, answer: Resolution) => void
}

/** `remembered`: the answer is of an earlier lookup, and may have changed since. */
export type Answered = (answer: Resolution, remembered: boolean) => void

/** Asks the system; rejects with an error whose `code` is getaddrinfo's. */
export type Ask = (name: string) => Promise<ReadonlyArray<string>>

interface Question {
  readonly name: string
  readonly listeners: Set<Answered>
  asked: boolean
}

export const makeResolver = (ask: Ask = askSystem, now: () => number = () => performance.now()): Resolver => {
  const remembered = new Map<string, { readonly answer: Resolution; readonly until: number }>()
  const questions = new Map<string, Question>()
  let underWay = 0

  const start = (question: Question): void => {
    question.asked = true
    underWay++
    ask(question.name).then(
      (texts) => settle(question, found(question.name, texts)),
      (error: unknown) => settle(question, missing(question.name, codeOf(error))),
    )
  }

  const settle = (question: Question, answer: Resolution): void => {
    underWay--
    questions.delete(question.name)
    remember(question.name, answer)
    for (const [, waiting] of questions) {
      if (waiting.asked) continue
      start(waiting)
      break
    }
    for (const listener of question.listeners) listener(answer, false)
  }

  const remember = (name: string, answer: Resolution): void => {
    // Deleted first, so that the map's order is by age.
    remembered.delete(name)
    remembered.set(name, { answer, until: now() + (answer._tag === "Found" ? foundTtl : missingTtl) })
    for (const [oldest] of remembered) {
      if (remembered.size <= maxRemembered) break
      remembered.delete(oldest)
    }
  }

  const wait = (name: string, listener: Answered): (() => void) => {
    let question = questions.get(name)
    if (question === undefined) {
      question = { name, listeners: new Set(), asked: false }
      questions.set(name, question)
    }
    const { listeners } = question
    listeners.add(listener)
    if (!question.asked && underWay < maxLookups) start(question)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && questions.get(name)?.asked === false) questions.delete(name)
    }
  }

  return {
    lookup(written, done) {
      // The trailing dot stays: it keeps the search domains out.
      const name = written.toLowerCase()
      const known = remembered.get(name)
      if (known !== undefined && known.until > now()) {
        done(known.answer, true)
        return leftAlready
      }
      // getaddrinfo reads `127.1` and `0x7f000001` as addresses. Whoever made this name has refused them already; this
      // is the last place where they can be stopped.
      if (parseHost(name)?._tag !== "Name") {
        done(missing(name, "not a host name"), false)
        return leftAlready
      }
      return wait(name, done)
    },
    forget(written, answer) {
      const name = written.toLowerCase()
      if (remembered.get(name)?.answer === answer) remembered.delete(name)
    },
  }
}

const leftAlready = (): void => {}

const found = (name: string, texts: ReadonlyArray<string>): Resolution => {
  const addresses = new Map<string, Address>()
  for (const text of texts) {
    const address = parseAddress(text)
    if (address !== undefined && addresses.size < maxAddresses) addresses.set(address.text, address)
  }
  return addresses.size === 0 ? missing(name, "no address") : { _tag: "Found", addresses: [...addresses.values()] }
}

const missing = (name: string, why: string): Resolution => ({
  _tag: "Missing",
  refusal: refusal("name-not-found", `${name}: ${why}`),
})

/** ENOTFOUND: there is no such name, or it has no address. EAI_AGAIN: no name server answered, or none could. */
const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code.replace(/^DNS_/, "")
    : "the lookup failed"

// Not Bun's default, c-ares: that ignores nsswitch.conf and the timeouts in resolv.conf.
const askSystem: Ask = async (name) => {
  const answers = await dns.lookup(name, { backend: "system" })
  return answers.map((answer) => answer.address)
}
