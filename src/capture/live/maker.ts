/**
 * Maker: makes records of what was heard, and keeps them on disk if that is asked for, elsewhere than on the event loop.
 * Interfaces only: a capture hands batches over and hears of them later, and need not know of threads.
 */

import type { CaptureTotals, Countable, DropReason, LeaveReason } from "./counters.ts"

/** What is known of a record that was made, besides its line. */
export interface MadeRecord extends Countable {
  /** Bytes of its line of JSON, the newline included. */
  readonly length: number
  /** Whether the disk has it; undefined where nothing is written. */
  readonly isWritten: boolean | undefined
}

/** What became of a batch: each of it is a record, or is counted as dropped or left out. */
export interface MadeBatch {
  readonly records: ReadonlyArray<MadeRecord>
  /** The lines of all records, one behind the other. */
  readonly lines: Uint8Array
  readonly dropped: { readonly [R in DropReason]?: number }
  readonly leftOut: { readonly [R in LeaveReason]?: number }
  /** Bytes that the directory holds. */
  readonly onDisk: number
}

/** Who hears what becomes of batches. */
export interface MakerOwner {
  /** What became of the batch that was handed over first, of those that nothing was heard of. */
  readonly made: (batch: MadeBatch) => void
  /** The maker is no more. Nothing will be heard of what is with it. */
  readonly died: (why: string) => void
}

export interface Maker<Heard> {
  /** Takes a batch. The bytes of it are the maker's from now on. */
  readonly make: (batch: ReadonlyArray<Heard>, isKept: boolean) => void
  /** Ends, with nothing under way; resolves when nothing of it is left, in bounded time. Its owner hears no more of it. */
  readonly end: (totals: CaptureTotals) => Promise<void>
}

/** Starts a maker. */
export type StartMaker<Heard> = (owner: MakerOwner) => Maker<Heard>
