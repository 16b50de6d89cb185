/**
 * Recorded tunnel: a connection whose bytes are recorded, and are no HTTP: what an exchange has made of it, one that nobody
 * can read, or the rest of one that could not be read on. A wiretap of its relay, for as long as that lasts.
 */
import type { Flow } from "../flow/flow.ts"
import type { RequestRecord } from "../flow/request-record.ts"
import type { Side, Wiretap } from "../net/tunnel/wiretap.ts"
import type { CarriedRecording, ExchangeFacts, ExchangeRecording, RecorderSwitch } from "../protocol/recording.ts"

import { factsOf, type Passed, streamFactsOf } from "./exchange-facts.ts"

/** How a recording ends. */
interface Ending {
  readonly over: () => void
  readonly abandon: () => void
}

class RecordedTunnel implements Wiretap {
  /** Nobody else tells how it ended. */
  readonly isDone = false
  private readonly recording: CarriedRecording
  private readonly ending: Ending

  constructor(recording: CarriedRecording, ending: Ending) {
    this.recording = recording
    this.ending = ending
  }

  carried(from: Side, bytes: Uint8Array): void {
    this.recording.carried(from, bytes, 0, bytes.length, performance.now())
  }

  skippable(from: Side): number {
    return this.recording.skippable(from)
  }

  skipped(from: Side, count: number): void {
    this.recording.skipped(from, count)
  }

  finished(): void {
    // How it ended is known of the flow.
  }

  over(): void {
    this.ending.over()
  }

  failed(): void {
    this.ending.abandon()
  }
}

/**
 * Ends the recording of a request that is over; or, where its answer has made something of the connection whose messages
 * are recorded, returns who is to listen to them.
 */
export const endRecording = (
  recording: ExchangeRecording,
  upgrade: CarriedRecording | undefined,
  flow: Flow,
  record: RequestRecord,
  passed: Passed,
): Wiretap | undefined => {
  const facts = factsOf(flow, record, passed)
  if (upgrade === undefined) return void recording.over(facts)
  const answeredAt = performance.now()
  const over = (): void => recording.over(upgradedFacts(facts, upgrade, flow, performance.now() - answeredAt))
  return new RecordedTunnel(upgrade, { over, abandon: () => recording.abandon() })
}

/** The facts of an exchange whose connection went on for so many `milliseconds`. */
const upgradedFacts = (
  facts: ExchangeFacts,
  { bytesIn, bytesOut }: CarriedRecording,
  flow: Flow,
  milliseconds: number,
): ExchangeFacts => ({
  ...facts,
  elapsed: facts.elapsed + milliseconds,
  bytesIn,
  bytesOut,
  end: flow.endedBy,
  phase: flow.phase,
  code: flow.code,
})

/** What a stream is of a connection. */
export interface StreamPart {
  /** Its number within the connection, from 1. */
  readonly n: number
  /** Why it was not read any more; the rest of a connection begins now. */
  readonly lost?: string | undefined
}

/** Records a connection, or the rest of one, as far as anybody records; returns who is to listen. */
export const recordStream = (recorders: RecorderSwitch, flow: Flow, { n, lost }: StreamPart): Wiretap | undefined => {
  const { current } = recorders
  if (current === undefined) return undefined
  const isRest = n > 1 || lost !== undefined
  const began = isRest ? performance.now() : flow.started
  const recording = current.beginStream(began)
  if (recording === undefined) return undefined
  const over = (): void => {
    const { bytesIn, bytesOut } = recording
    const elapsed = performance.now() - began
    recording.over(streamFactsOf(flow, { n, lost, isRest, elapsed, bytesIn, bytesOut }))
  }
  return new RecordedTunnel(recording, { over, abandon: () => recording.abandon() })
}

/** Records a connection that is over and was not heard: its client was refused, or it was never known what it speaks. */
export const recordUnheard = (recorders: RecorderSwitch, flow: Flow): void => {
  const tunnel = recordStream(recorders, flow, { n: 1 })
  if (tunnel === undefined) return
  tunnel.skipped("client", flow.bytesIn)
  tunnel.skipped("target", flow.bytesOut)
  tunnel.over()
}
