/**
 * Following: what a follower says of a connection, as lines of text, however the connection's bytes are cut.
 */
import type { CutBy, Followed } from "../../src/protocol/http/passive/followed.ts"
import { type FollowerLimits, HttpFollower } from "../../src/protocol/http/passive/follower.ts"
import type { ExchangeRecording } from "../../src/protocol/recording.ts"
import { ascii, singly } from "./bytes.ts"

/** `>` and text: the client sends it. `<` and text: the target does. The rest is how directions and connections end. */
export type Step =
  `>${string}` | `<${string}` | "client ends" | "target ends" | "over: client" | "over: target" | "over: proxy"

export const followerLimits: FollowerLimits = { maxHeadBytes: 64 * 1024, maxHeadFields: 128, maxPipelined: 1024 }

/** How the bytes of one step arrive. */
export type Cut = (bytes: Uint8Array) => Iterable<Uint8Array>

export const wholly: Cut = (bytes) => [bytes]
export const byteByByte: Cut = singly

/** One request in one line: what was asked, how it was answered, and what else is worth a word. */
export const lineOf = (request: Followed): string => {
  const { method, authority, path, version, status, bytesIn, bytesOut, cut, isProbe, traceparent } = request
  const words = [method, authority ?? "-", path, version, status, `${bytesIn}/${bytesOut}`]
  if (cut !== undefined) words.push(`cut by ${cut}`)
  if (isProbe) words.push("probe")
  if (traceparent !== undefined) words.push(traceparent)
  return words.join(" ")
}

/** A follower, and what it has said so far. */
export class Following {
  readonly said: Array<string> = []
  readonly requests: Array<Followed> = []
  readonly follower: HttpFollower
  /** The time that the next bytes arrive at, in milliseconds. */
  now = 0

  private readonly recorder: (() => ExchangeRecording) | undefined

  /** `recorder` gives who records each request. */
  constructor(limits: Partial<FollowerLimits> = {}, recorder?: () => ExchangeRecording) {
    this.recorder = recorder
    this.follower = new HttpFollower(
      { ...followerLimits, ...limits },
      {
        record: () => this.recorder?.(),
        followed: (request) => {
          this.requests.push(request)
          this.said.push(lineOf(request))
        },
        lost: ({ reason, detail }) => this.said.push(`lost: ${detail}${reason === "limit" ? " (limit)" : ""}`),
        upgraded: (to) => this.said.push(`upgraded: ${to}`),
      },
    )
  }

  /** Bytes arrive within others, and are spoilt after their use: whatever was kept of them, not copied, would show. */
  feed(by: "client" | "target", bytes: Uint8Array): void {
    const lent = new Uint8Array(bytes.length + 7)
    lent.set(bytes, 3)
    const view = lent.subarray(3, 3 + bytes.length)
    if (by === "client") this.follower.request(view, this.now)
    else this.follower.response(view, this.now)
    lent.fill(0xaa)
  }

  step(step: Step, cut: Cut): void {
    if (step.startsWith(">")) for (const bytes of cut(ascii(step.slice(1)))) this.feed("client", bytes)
    else if (step.startsWith("<")) for (const bytes of cut(ascii(step.slice(1)))) this.feed("target", bytes)
    else if (step === "client ends") this.follower.requestEnded(this.now)
    else if (step === "target ends") this.follower.responseEnded(this.now)
    else this.follower.ended(step.slice("over: ".length) as CutBy, this.now)
  }
}

/** What is said of a connection whose steps follow each other. */
export const follow = (
  steps: ReadonlyArray<Step>,
  cut: Cut = wholly,
  limits: Partial<FollowerLimits> = {},
): ReadonlyArray<string> => {
  const following = new Following(limits)
  for (const step of steps) following.step(step, cut)
  return following.said
}
