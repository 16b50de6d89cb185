/** Recordings among nothing else: what passes of one exchange, told to its recording, and what it heard. */
import { Causes } from "../../src/capture/recorder/causes.ts"
import { Memory } from "../../src/capture/recorder/memory.ts"
import { type Heard, Recorder, type RecorderParts } from "../../src/capture/recorder/recorder.ts"
import type { HeardExchange } from "../../src/capture/recorder/recording.ts"
import type { HeardStream } from "../../src/capture/recorder/stream-recording.ts"
import type { ExchangeFacts, ExchangeRecording, MessageRecording } from "../../src/protocol/recording.ts"
import { ascii } from "./bytes.ts"

/** Of an exchange that went well. */
export const facts: ExchangeFacts = {
  flow: 12,
  n: 1,
  direction: "outbound",
  client: "127.0.0.1:40112",
  target: "a.example:80",
  address: "203.0.113.7:80",
  sni: undefined,
  authority: "a.example:80",
  dialled: 1.3024,
  firstByte: 20,
  elapsed: 25,
  end: undefined,
  phase: "data",
  code: undefined,
  refusal: undefined,
  error: undefined,
  bytesIn: 0,
  bytesOut: 0,
  requestIsWhole: true,
  responseIsWhole: true,
  isProbe: false,
}

/** When recordings began: on the clock of messages, and in milliseconds since the epoch. */
export const beganAt = 1000
export const began = Date.UTC(2026, 10, 28, 9, 30) + 0.25

export const lines = (...lines: ReadonlyArray<string>): string => `${lines.join("\r\n")}\r\n\r\n`

/** Tells of bytes that lie within others and are spoilt after: whatever was kept of them, not copied, would show. */
export const tell = (text: string, to: (bytes: Uint8Array, start: number, end: number) => void): void => {
  const lent = Buffer.alloc(text.length + 7, 0x55)
  lent.set(ascii(text), 3)
  to(lent, 3, 3 + text.length)
  lent.fill(0xaa)
}

export const tellHead = (message: MessageRecording, text: string, now = beganAt): void =>
  tell(text, (bytes, start, end) => message.head(bytes, start, end, now))

export const tellContent = (message: MessageRecording, text: string, now = beganAt): void =>
  tell(text, (bytes, start, end) => message.content(bytes, start, end, now))

/** A recorder with its memory, and the exchanges that it heard. */
export class Hearing {
  readonly heard: Array<HeardExchange> = []
  readonly streams: Array<HeardStream> = []
  readonly memory: Memory
  readonly recorder: Recorder
  /** What can be let go of for something newer, in bytes each. */
  readonly kept: Array<number> = []

  constructor(maxMemory = 1024 * 1024, parts: Partial<RecorderParts> = {}) {
    this.memory = new Memory(
      () => maxMemory,
      () => {
        const oldest = this.kept.shift()
        if (oldest !== undefined) this.memory.release(oldest)
        return oldest !== undefined
      },
    )
    this.recorder = new Recorder({
      direction: "outbound",
      causes: new Causes(),
      makeId: () => "00000000-0000-7000-8000-000000000000",
      memory: this.memory,
      maxBody: () => 64,
      keepsFirst: () => false,
      wantsProbes: () => true,
      epoch: () => began,
      now: () => beganAt,
      heard: (heard) => this.hear(heard),
      ...parts,
    })
  }

  private hear(heard: Heard): void {
    if (heard.kind === "exchange") this.heard.push(heard)
    else this.streams.push(heard)
  }

  begin(): ExchangeRecording {
    const recording = this.recorder.begin(false, beganAt)
    if (recording === undefined) throw new Error("nothing is recorded")
    return recording
  }
}
