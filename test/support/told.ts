/** Told: a recording that writes down what it is told of, as text. */
import { toLatin1 } from "../../src/protocol/bytes.ts"
import type {
  CarriedRecording,
  ExchangeFacts,
  ExchangeRecording,
  MessageRecording,
  Sender,
  StreamFacts,
  StreamRecording,
} from "../../src/protocol/recording.ts"

/** What one message said; pieces put together. */
class ToldMessage implements MessageRecording {
  text = ""
  body = ""
  private section = ""
  /** Characters of content that are wanted. */
  private readonly wanted: number

  constructor(wanted: number) {
    this.wanted = wanted
  }

  get isFull(): boolean {
    return this.body.length >= this.wanted
  }

  head(bytes: Uint8Array, start: number, end: number): void {
    this.text = toLatin1(bytes, start, end)
  }

  content(bytes: Uint8Array, start: number, end: number): void {
    this.body += toLatin1(bytes, start, end)
  }

  trailers(bytes: Uint8Array, start: number, end: number): void {
    this.section += toLatin1(bytes, start, end)
  }

  /** Head, content and trailers; line ends as `|`. */
  toString(): string {
    const parts = [this.text, this.body, this.section].filter((part) => part !== "")
    return parts.map((part) => part.replaceAll("\r\n", "|")).join(" ")
  }
}

/** What passed on a connection that is no HTTP, each side put together. */
export class ToldBytes implements CarriedRecording {
  bytesIn = 0
  bytesOut = 0
  readonly text: Record<Sender, string> = { client: "", target: "" }

  carried(from: Sender, bytes: Uint8Array, start: number, end: number): void {
    this.text[from] += toLatin1(bytes, start, end)
    this.skipped(from, end - start)
  }

  skippable(): number {
    return 0
  }

  skipped(from: Sender, count: number): void {
    if (from === "client") this.bytesIn += count
    else this.bytesOut += count
  }
}

/** What was told of a stream. */
export class ToldStream extends ToldBytes implements StreamRecording {
  readonly ends: Array<StreamFacts | "abandoned"> = []
  private readonly ended: (told: ToldStream) => void

  /** `ended` hears of the end. */
  constructor(ended: (told: ToldStream) => void = () => {}) {
    super()
    this.ended = ended
  }

  over(facts: StreamFacts): void {
    this.ends.push(facts)
    this.ended(this)
  }

  abandon(): void {
    this.ends.push("abandoned")
    this.ended(this)
  }
}

export class Told implements ExchangeRecording {
  readonly request: ToldMessage
  readonly response: ToldMessage
  readonly interims: Array<string> = []
  /** How it ended; several would be a fault. */
  readonly ends: Array<ExchangeFacts | "abandoned"> = []

  /** What followed an upgrade to `told`; others are not recorded. */
  readonly upgrade = new ToldBytes()
  private readonly ended: (told: Told) => void

  /** `ended` hears of the end. */
  constructor(wanted = Infinity, ended: (told: Told) => void = () => {}) {
    this.ended = ended
    this.request = new ToldMessage(wanted)
    this.response = new ToldMessage(wanted)
  }

  interim(bytes: Uint8Array, start: number, end: number): void {
    this.interims.push(toLatin1(bytes, start, end).replaceAll("\r\n", "|"))
  }

  upgraded(): CarriedRecording | undefined {
    return /^upgrade: told\r$/im.test(this.response.text) ? this.upgrade : undefined
  }

  over(facts: ExchangeFacts): void {
    this.ends.push(facts)
    this.ended(this)
  }

  abandon(): void {
    this.ends.push("abandoned")
    this.ended(this)
  }

  /** `> request` and `< response`, with interim answers between them. */
  get lines(): ReadonlyArray<string> {
    const interims = this.interims.map((head) => `< ${head}`)
    const { client, target } = this.upgrade.text
    const upgraded = client + target === "" ? [] : [`as told > ${client} < ${target}`]
    return [`> ${this.request.toString()}`, ...interims, `< ${this.response.toString()}`, ...upgraded]
  }
}
