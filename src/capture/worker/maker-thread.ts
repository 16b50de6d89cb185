/**
 * Maker thread: the thread that makes records, as the event loop sees it. Starts in its own time: what is handed over before
 * is not lost.
 */
import type { CaptureTotals } from "../live/counters.ts"
import type { MadeBatch, Maker, MakerOwner, StartMaker } from "../live/maker.ts"
import type { Identified } from "../recorder/recorder.ts"

import type { MadeFacts, MakingSettings, Order, Report } from "./messages.ts"
import { moved, pack } from "./packed.ts"

/** Where the thread's program is. In an executable this file is part of one that lies above all folders of `src/`. */
export const makerScript = new URL(
  import.meta.url.startsWith("file:///$bunfs/") ? "./capture/worker/worker.js" : "./worker.ts",
  import.meta.url,
).href

/** Milliseconds that a thread without a batch has to end, before it is ended: a disk that hangs must not hang a capture. */
export const maxEnding = 30_000

export interface MakerThreadParts {
  readonly script: string
  /** The settings in force; another object where they have changed. */
  readonly settings: () => MakingSettings
  /** Milliseconds that it has to end; `maxEnding` where absent. */
  readonly maxEnding?: number
}

/** Returns what starts threads. */
export const makerThreads =
  (parts: MakerThreadParts): StartMaker<Identified> =>
  (owner) =>
    new MakerThread(parts, owner)

class MakerThread implements Maker<Identified> {
  private readonly parts: MakerThreadParts
  private readonly owner: MakerOwner
  private readonly worker: Worker
  private settings: MakingSettings | undefined = undefined
  private isOver = false
  private ended: (() => void) | undefined = undefined
  private ending: ReturnType<typeof setTimeout> | undefined = undefined

  constructor(parts: MakerThreadParts, owner: MakerOwner) {
    this.parts = parts
    this.owner = owner
    // What is kept alive by it is traffic.
    this.worker = new Worker(parts.script, { ref: false })
    this.worker.addEventListener("message", ({ data }: MessageEvent<Report>) => this.hear(data))
    this.worker.addEventListener("error", ({ message }) => this.over(message))
    this.worker.addEventListener("close", ({ code }) => this.over(`it ended with ${code}`))
    this.orderSettings()
  }

  make(batch: ReadonlyArray<Identified>, isKept: boolean): void {
    this.orderSettings()
    const packed = pack(batch)
    this.order({ _tag: "Batch", batch: packed, isKept }, moved(packed))
  }

  end(totals: CaptureTotals): Promise<void> {
    return new Promise((resolve) => {
      if (this.isOver) return resolve()
      this.ended = resolve
      this.order({ _tag: "End", totals })
      this.ending = setTimeout(() => this.over("it did not end"), this.parts.maxEnding ?? maxEnding)
      this.ending.unref()
    })
  }

  private orderSettings(): void {
    const settings = this.parts.settings()
    if (settings === this.settings) return
    this.settings = settings
    this.order({ _tag: "Settings", settings })
  }

  private order(order: Order, moved: Array<ArrayBuffer> = []): void {
    this.worker.postMessage(order, moved)
  }

  private hear(report: Report): void {
    if (this.isOver) return
    if (report._tag === "Ended") this.over("it ended")
    else this.owner.made(madeOf(report))
  }

  private over(why: string): void {
    if (this.isOver) return
    this.isOver = true
    clearTimeout(this.ending)
    this.worker.terminate()
    if (this.ended === undefined) this.owner.died(why)
    else this.ended()
  }
}

const madeOf = ({ facts, lines }: Extract<Report, { readonly _tag: "Made" }>): MadeBatch => {
  const parsed: MadeFacts = JSON.parse(facts)
  return { ...parsed, lines }
}
