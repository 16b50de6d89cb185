/** Told: a recording that writes down what it is told of, as text. */
import { toLatin1 } from "../../src/protocol/bytes.ts"
import type { ExchangeFacts, ExchangeRecording, MessageRecording } from "../../src/protocol/recording.ts"

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

export class Told implements ExchangeRecording {
  readonly request: ToldMessage
  readonly response: ToldMessage
  readonly interims: Array<string> = []
  /** How it ended; several would be a fault. */
  readonly ends: Array<ExchangeFacts | "abandoned"> = []

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
    return [`> ${this.request.toString()}`, ...interims, `< ${this.response.toString()}`]
  }
}
