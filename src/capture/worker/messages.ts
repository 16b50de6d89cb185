/** Messages: what the event loop and the thread that makes records say to each other. */
import type { CaptureOrigin } from "../directory/manifest.ts"
import type { MadeBatch } from "../live/maker.ts"
import type { PolicyData } from "../policy/policy.ts"
import type { CaptureTotals } from "../totals.ts"

import type { Packed } from "./packed.ts"

/** The settings in force. Plain data: every field can be cloned. */
export interface MakingSettings {
  readonly policy: PolicyData
  /** Of the tokens that stand for secrets. */
  readonly key: Uint8Array
  /** A number of the process, so that not every one draws the connections with the same numbers. */
  readonly salt: number
  /** Bytes that are kept of each body. */
  readonly maxBody: number
  /** Where records are written, if they are. */
  readonly directory: DirectorySettings | undefined
}

export interface DirectorySettings {
  /** Opened for this process. */
  readonly path: string
  /** Bytes that it may hold. */
  readonly maxBytes: number
  readonly origin: CaptureOrigin
}

/** To the thread. Settings hold for what comes behind them. */
export type Order =
  | { readonly _tag: "Settings"; readonly settings: MakingSettings }
  | { readonly _tag: "Batch"; readonly batch: Packed; readonly isKept: boolean }
  | { readonly _tag: "End"; readonly totals: CaptureTotals }

/** From the thread, an answer to each batch in its order. */
export type Report =
  { readonly _tag: "Made"; readonly facts: string; readonly lines: Uint8Array } | { readonly _tag: "Ended" }

/** All of a batch but its lines: text costs least to hand over. */
export type MadeFacts = Omit<MadeBatch, "lines">
