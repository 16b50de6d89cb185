/**
 * Runner: plays conformance cases against a proxy, ours or another, and checks what must be true after each of them.
 *
 * A case is data with one function, `play`: it sends what its sentence says, scripts the origin, and throws with what
 * differed. What holds for every case alike stands here once: of ours nothing died, nothing leaked, no byte strayed to
 * another connection, and every log line is one JSON object.
 */
import type { Need } from "../support/needs.ts"
import { type HttpOrigin, httpOrigin, type Origin, origin } from "../support/origins.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { type Options, type Pillion, startPillion } from "../support/pillion.ts"
import { eventually, within } from "../support/within.ts"
import { Bystander } from "./bystander.ts"

export interface Case {
  /** Group letter and number as the list of cases has them; a letter more where one line of it is several cases. */
  readonly id: string
  /** The RFC section, advisory or clause of the contract that the case holds the proxy to. */
  readonly clause: string
  /** A sentence about behaviour. */
  readonly name: string
  /** The case only makes sense for ours: it reads our logs, needs our options, or measures our process. */
  readonly ours?: boolean
  /** What it uses beside Bun; where that is missing the case is skipped, in CI it fails. */
  readonly needs?: ReadonlyArray<Need>
  /** How long it may take; 8 s unless told. */
  readonly milliseconds?: number
  /** Throws with what differed. */
  readonly play: (stage: Stage) => Promise<void>
}

/** The proxy that cases are played against. */
export interface Subject {
  readonly host: string
  readonly port: number
  /** Ours, with what is compared after each case. Absent for another's proxy. */
  readonly ours?: Watched
}

/** Our process, what it looked like at rest, and a connection through it that no case has anything to do with. */
export interface Watched {
  readonly pillion: Pillion
  readonly base: number
  readonly bystander: Bystander
}

/** What a case works with. Everything made here ends with the case. */
export class Stage {
  readonly subject: Subject
  private readonly things: Array<Disposable> = []
  private readonly started: Array<{ readonly pillion: Pillion; readonly base: number }> = []

  constructor(subject: Subject) {
    this.subject = subject
  }

  /** Whether the proxy is ours: contract.md is stricter than the RFCs in places, and another is not held to it. */
  get ours(): boolean {
    return this.subject.ours !== undefined
  }

  /** Our process. Only for cases that are marked `ours`, or behind a look at `ours`. */
  get pillion(): Pillion {
    if (this.subject.ours === undefined) throw new Error("this case asks for our process and is not marked `ours`")
    return this.subject.ours.pillion
  }

  /** A connection to the proxy, or to a port of an instance that the case has started. */
  client(port = this.subject.port, host = this.subject.host): Promise<Peer> {
    return this.keep(rawConnect(port, host))
  }

  /** An origin that does what `onConnection` says, and nothing by itself. */
  origin(onConnection?: (peer: Peer) => void, host?: string): Promise<Origin> {
    return this.keep(origin(onConnection, host))
  }

  /** An origin that answers each request with the bytes that `answer` returns; a 200 with "hello" unless told. */
  httpOrigin(answer?: Parameters<typeof httpOrigin>[0]): Promise<HttpOrigin> {
    return this.keep(httpOrigin(answer))
  }

  /** Has the end of a case end this too, before descriptors are counted. */
  async keep<A extends Disposable>(thing: A | Promise<A>): Promise<A> {
    const made = await thing
    this.things.push(made)
    return made
  }

  /** Starts an instance of ours of the case's own, which is held to the same conditions. Outbound only unless told. */
  async start(options: Options = {}): Promise<Pillion> {
    const pillion = await startPillion({ ...options, flags: ["--proxy-type=forward", ...(options.flags ?? [])] })
    this.started.push({ pillion, base: pillion.openFiles() })
    return pillion
  }

  /** Ends what the case has made, then checks our processes. */
  async end(): Promise<void> {
    for (const thing of this.things.toReversed()) thing[Symbol.dispose]()
    const problems: Array<unknown> = []
    const note = (check: Promise<void>): Promise<void> => check.catch((cause) => void problems.push(cause))
    if (this.subject.ours !== undefined) {
      await note(settled(this.subject.ours.pillion, this.subject.ours.base))
      await note(this.subject.ours.bystander.check())
    }
    for (const { pillion, base } of this.started) {
      if (alive(pillion)) await note(settled(pillion, base))
      await note(pillion[Symbol.asyncDispose]())
    }
    if (problems.length > 0) throw problems[0]
  }
}

/** Starts ours for a row of cases: outbound, every protocol, on loopback. */
export const startSubject = async (...flags: ReadonlyArray<string>): Promise<Subject & AsyncDisposable> => {
  const pillion = await startPillion({ flags: ["--proxy-type=forward", ...flags] })
  const bystander = await Bystander.open(pillion.ports.out)
  await bystander.check()
  const base = pillion.openFiles()
  return {
    host: "127.0.0.1",
    port: pillion.ports.out,
    ours: { pillion, base, bystander },
    async [Symbol.asyncDispose]() {
      bystander[Symbol.dispose]()
      await pillion[Symbol.asyncDispose]()
    },
  }
}

/** Plays one case; throws with what differed, during the case or after it. */
export const playCase = async (played: Case, subject: Subject): Promise<void> => {
  const stage = new Stage(subject)
  let failure: { readonly cause: unknown } | undefined
  try {
    await within(played.play(stage), `end of case ${played.id}`, limit(played))
  } catch (cause) {
    failure = { cause }
  }
  try {
    await stage.end()
  } catch (cause) {
    failure ??= { cause }
  }
  if (failure !== undefined) throw failure.cause
}

/** Milliseconds that `play` may take. */
export const limit = (played: Case): number => played.milliseconds ?? 8000

/** What is left to look at after `play`: descriptors may stay for the linger limit of 2 s, and a process has to end. */
export const aftermath = 8000

/** Alive, at rest, with nothing to complain of. */
const settled = async (pillion: Pillion, base: number): Promise<void> => {
  if (!alive(pillion)) throw new Error(`the proxy has ended:\n${pillion.stderr.all.join("\n")}`)
  // Fewer than before is no leak: what an earlier case left idle may have ended meanwhile.
  await eventually(async () => pillion.openFiles() <= base, true, `descriptors back to ${base}: it`)
  for (const line of [...pillion.stdout.all, ...pillion.stderr.all]) checkLine(line)
}

const alive = (pillion: Pillion): boolean => {
  try {
    process.kill(pillion.pid, 0)
    return true
  } catch {
    return false
  }
}

const checkLine = (line: string): void => {
  const value: unknown = JSON.parse(line)
  if (typeof value !== "object" || value === null) throw new Error(`a log line is no JSON object: ${line}`)
  if (/unhandled|uncaught|defect/i.test(line)) throw new Error(`the proxy reports a defect: ${line}`)
}
