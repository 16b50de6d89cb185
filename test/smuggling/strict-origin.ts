/**
 * Strict origin: keeps every byte that it gets, reads it as a strict reader does, and answers well or badly, as told.
 *
 * Every good answer holds a mark of its own, every bad one the mark `evil`: so it shows which of them reach a client.
 */
import { type Origin, origin } from "../support/origins.ts"
import { type Peer, rawConnect } from "../support/peer.ts"
import { type Seen, seeForwarded } from "../support/strict.ts"

/** Ways to answer. After all but the first two the connection must not be used for another request. */
export const manners = [
  "by length",
  "by chunks",
  "closing",
  "until close",
  "with surplus bytes",
  "with two framings",
  "with two lengths",
  "with a bad chunk",
  "with an unasked 101",
] as const

export type Manner = (typeof manners)[number]

const clean: ReadonlySet<Manner> = new Set<Manner>(["by length", "by chunks"])
/** Their content is whole and the client gets it. */
const whole: ReadonlySet<Manner> = new Set<Manner>([...clean, "closing", "until close", "with surplus bytes"])

/** The mark of what no client may get. */
export const evil = "evil"
const evilAnswer = `HTTP/1.1 200 OK\r\nContent-Length: ${evil.length}\r\n\r\n${evil}`

const words = (manner: Manner, mark: string): string => {
  const head = "HTTP/1.1 200 OK\r\n"
  const byLength = `Content-Length: ${mark.length}\r\n`
  const chunked = "Transfer-Encoding: chunked\r\n"
  const chunk = `${mark.length.toString(16)}\r\n${mark}\r\n`
  switch (manner) {
    case "by length":
      return `${head}${byLength}\r\n${mark}`
    case "by chunks":
      return `${head}${chunked}\r\n${chunk}0\r\n\r\n`
    case "closing":
      return `${head}Connection: close\r\n${byLength}\r\n${mark}`
    case "until close":
      return `${head}\r\n${mark}`
    case "with surplus bytes":
      return `${head}${byLength}\r\n${mark}${evilAnswer}`
    case "with two framings":
      return `${head}Content-Length: 4\r\n${chunked}\r\n4\r\n${evil}\r\n0\r\n\r\n`
    case "with two lengths":
      return `${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\n${evil}!`
    case "with a bad chunk":
      return `${head}${chunked}\r\n+4\r\n${evil}\r\n0\r\n\r\n`
    case "with an unasked 101":
      return `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n${evil}`
  }
}

/** One connection to it. */
interface Recording {
  readonly peer: Peer
  text: string
  /** How many requests it has answered; the last of them perhaps before it was whole. */
  answered: number
  /** How many requests were whole. */
  read: number
  /** Where the request begins that is coming in. */
  begun: number
  /** An answer was no good: nothing more may be asked here. */
  spoilt: boolean
}

/** An answer that is whole. */
export interface Given {
  readonly mark: string
  /** It came before its request was whole, which may still go wrong: then the client is told that instead. */
  readonly early: boolean
  /** The path of its request, if that was whole. */
  readonly path: string | undefined
}

/** What came of one client's bytes. */
export interface Recorded {
  /** Every whole request, in the order in which they became whole. */
  readonly requests: ReadonlyArray<Seen>
  /** The answers that a client may get, in order. */
  readonly given: ReadonlyArray<Given>
  /** Requests that were not the first on their connection. */
  readonly reused: number
  /** The first rule that was broken on a connection to this origin. */
  readonly broken: string | undefined
}

/** How to answer; for a request that is not whole yet it may be undefined: not before it is. */
export type Choose = (early: boolean) => Manner | undefined

export class StrictOrigin implements Disposable {
  private readonly origin: Origin
  private recordings: Array<Recording> = []
  private requests: Array<Seen> = []
  private given: Array<Given> = []
  private lastMark = 0
  private choose: Choose = () => undefined

  private constructor(made: Origin) {
    this.origin = made
  }

  static async start(): Promise<StrictOrigin> {
    const made: StrictOrigin = new StrictOrigin(await origin((peer) => made.record(peer)))
    return made
  }

  get port(): number {
    return this.origin.port
  }

  /** How many connections it was ever asked on. */
  get connections(): number {
    return this.origin.connections.length
  }

  /** The answers to requests for `path` since the last `begin`. */
  marksFor(path: string): ReadonlyArray<string> {
    return this.given.filter((each) => each.path === path).map(({ mark }) => mark)
  }

  /** Forgets what was recorded. */
  begin(choose: Choose): void {
    this.recordings = []
    this.requests = []
    this.given = []
    this.choose = choose
  }

  /** What was recorded, once every connection of a client that is gone is over. */
  async finish(): Promise<Recorded> {
    // Connections are accepted in the order in which they were made: none of the client's stands behind this one.
    using last = await rawConnect(this.origin.port)
    while ((await this.origin.accepted()).socket.remotePort !== last.localPort);
    this.recordings.pop()
    for (const { peer } of this.recordings) await peer.untilOver(10_000).catch(() => {})
    return {
      requests: this.requests,
      given: this.given,
      reused: this.recordings.reduce((sum, { read }) => sum + Math.max(0, read - 1), 0),
      broken: this.recordings.map(broken).find(Boolean),
    }
  }

  [Symbol.dispose](): void {
    this.origin[Symbol.dispose]()
  }

  private record(peer: Peer): void {
    const recording: Recording = { peer, text: "", answered: 0, read: 0, begun: 0, spoilt: false }
    this.recordings.push(recording)
    peer.sink = (chunk) => {
      recording.text += Buffer.from(chunk).toString("latin1")
      this.read(recording)
    }
  }

  private read(recording: Recording): void {
    const { requests, end } = seeForwarded(recording.text)
    for (const request of requests.slice(recording.read)) {
      this.requests.push(request)
      recording.read++
      if (recording.answered < recording.read) this.answer(recording, this.choose(false) ?? "by length", request.path)
    }
    if (end === "nothing") recording.begun = recording.text.length
    const headIsHere = recording.text.indexOf("\r\n\r\n", recording.begun) >= 0
    if (end !== "part" || recording.answered > recording.read || !headIsHere) return
    const manner = this.choose(true)
    if (manner !== undefined) this.answer(recording, manner, undefined)
  }

  /** `path` is that of the request; undefined when it is not whole yet. */
  private answer(recording: Recording, manner: Manner, path: string | undefined): void {
    if (recording.spoilt) return
    const mark = `<mark ${++this.lastMark}>`
    recording.answered++
    recording.spoilt = !clean.has(manner)
    if (whole.has(manner)) this.given.push({ mark, early: path === undefined, path })
    recording.peer.send(words(manner, mark))
    if (manner === "until close") recording.peer.end()
  }
}

/** Which rule was broken on one connection. */
const broken = ({ peer, text, read, answered, spoilt }: Recording): string | undefined => {
  const { end } = seeForwarded(text)
  if (!peer.ended && peer.failure === undefined) return `a connection outlived its client: ${JSON.stringify(text)}`
  if (end === "error" || end === "tunnel") return `an origin got what is no request: ${JSON.stringify(text)}`
  if (spoilt && (read > answered || (end === "part" && read === answered))) {
    return `a connection was used again behind an answer that was not clean: ${JSON.stringify(text)}`
  }
  // Where a FIN ends the bytes, an origin that reads until then would take them for all there is.
  if (end === "part" && peer.failure === undefined) return `a request cut short ended in order: ${JSON.stringify(text)}`
  return undefined
}
