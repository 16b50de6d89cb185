/**
 * Lookups: the names that the system is asked for just now, each once, however many wait for it, and `maxLookups` of them
 * at a time.
 *
 * The system asks by its own getaddrinfo: /etc/hosts, search domains, and whatever else nsswitch.conf names apply as for
 * every other program here, and the order is RFC 6724's. A lookup cannot be cancelled and may take as long as
 * resolv.conf lets it; a caller that cannot wait leaves.
 */
import { dns } from "bun"
import { availableParallelism } from "node:os"
import { found, missing, type Resolution } from "./resolution.ts"

/**
 * Lookups that the system works on at once. Bun runs getaddrinfo on about as many threads as there are processors,
 * and a silent name server holds each for many seconds: what waits here can still be dropped, what waits there cannot.
 */
export const maxLookups = Math.max(8, availableParallelism())

/** Asks the system; rejects with an error whose `code` is getaddrinfo's. */
export type Ask = (name: string) => Promise<ReadonlyArray<string>>

/** Hears what became of names. */
export interface LookupsOwner {
  /** Called once for each name that the system was asked for, before those that wait for it hear. */
  readonly resolved: (name: string, resolution: Resolution) => void
}

type Waiter = (resolution: Resolution) => void

interface Question {
  readonly name: string
  readonly waiters: Set<Waiter>
  asked: boolean
}

export class Lookups {
  private readonly ask: Ask
  private readonly owner: LookupsOwner
  /** Questions in the order in which they came. */
  private readonly questions = new Map<string, Question>()
  private underWay = 0

  constructor(ask: Ask, owner: LookupsOwner) {
    this.ask = ask
    this.owner = owner
  }

  /** Calls `waiter` once, never before it returns. The function that is returned leaves: the waiter hears nothing. */
  add(name: string, waiter: Waiter): () => void {
    let question = this.questions.get(name)
    if (question === undefined) {
      question = { name, waiters: new Set(), asked: false }
      this.questions.set(name, question)
    }
    const { waiters } = question
    waiters.add(waiter)
    if (!question.asked && this.underWay < maxLookups) this.start(question)
    return () => {
      waiters.delete(waiter)
      if (waiters.size === 0 && this.questions.get(name)?.asked === false) this.questions.delete(name)
    }
  }

  private start(question: Question): void {
    const { name } = question
    question.asked = true
    this.underWay++
    this.ask(name).then(
      (texts) => this.settle(question, found(name, texts)),
      (error: unknown) => this.settle(question, missing(name, codeOf(error))),
    )
  }

  private settle({ name, waiters }: Question, resolution: Resolution): void {
    this.underWay--
    this.questions.delete(name)
    this.owner.resolved(name, resolution)
    for (const [, waiting] of this.questions) {
      if (waiting.asked) continue
      this.start(waiting)
      break
    }
    for (const waiter of waiters) waiter(resolution)
  }
}

/** ENOTFOUND: there is no such name, or it has no address. EAI_AGAIN: no name server answered, or none could. */
const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code.replace(/^DNS_/, "")
    : "the lookup failed"

// Not Bun's default, c-ares: that ignores nsswitch.conf and the timeouts in resolv.conf.
export const askSystem: Ask = async (name) => {
  const answers = await dns.lookup(name, { backend: "system" })
  return answers.map((answer) => answer.address)
}
