/**
 * Record thread: makes records of batches one after the other, and writes them to the directory if there is one. Runs in a
 * thread that may wait for the disk; between two batches it compresses what is closed.
 */
import { renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { inflate } from "../coding/inflate.ts"
import { DirectoryWriter } from "../directory/directory-writer.ts"
import { manifestName, partSuffix } from "../directory/layout.ts"
import { manifestText } from "../directory/manifest.ts"
import { concatAll } from "../../protocol/bytes.ts"
import type { CaptureTotals } from "../live/counters.ts"
import { makeLines, type MakingParts } from "../live/make-lines.ts"
import { makePolicy } from "../policy/policy.ts"
import { threadTime } from "../../system/thread-time.ts"
import type { Identified } from "../recorder/recorder.ts"

import type { DirectorySettings, MadeFacts, MakingSettings, Order, Report } from "./messages.ts"
import { type Packed, unpack } from "./packed.ts"

/** Tells the other side; the bytes in `moved` are its own from then on. */
export type Tell = (report: Report, moved: ReadonlyArray<ArrayBuffer>) => void

export class RecordThread {
  private readonly tell: Tell
  private settings: MakingSettings | undefined = undefined
  private making: MakingParts | undefined = undefined
  private writer: DirectoryWriter | undefined = undefined
  private orders: Promise<void> = Promise.resolve()
  private isCompressing = false

  constructor(tell: Tell) {
    this.tell = tell
  }

  /** Does as it is told, when all that it was told before is done. Rejects where settings are not understood. */
  heed(order: Order): Promise<void> {
    this.orders = this.orders.then(() => this.obey(order))
    return this.orders
  }

  private async obey(order: Order): Promise<void> {
    switch (order._tag) {
      case "Settings":
        return this.use(order.settings)
      case "Batch":
        await this.make(order.batch, order.isKept)
        return this.compressLater()
      case "End":
        this.end(order.totals)
    }
  }

  private use(settings: MakingSettings): void {
    const { policy, key, salt, maxBody, directory } = settings
    const digest = (value: string): string => new Bun.CryptoHasher("sha256", key).update(value).digest("hex")
    this.settings = settings
    this.making = { policy: makePolicy(policy, { digest, now: threadTime, salt }), maxBody, inflate, sha256 }
    if (directory !== undefined && this.writer === undefined) this.open(directory)
  }

  private open(directory: DirectorySettings): void {
    const maxBytes = (): number => this.settings?.directory?.maxBytes ?? directory.maxBytes
    this.writer = new DirectoryWriter({ path: directory.path, maxBytes, now: () => performance.now() })
    writeManifest(directory.path, manifestText(directory.origin))
    this.compressLater()
  }

  private async make(batch: Packed, isKept: boolean): Promise<void> {
    const { making } = this
    if (making === undefined) throw new Error("there are no settings")
    // What the other side has packed.
    const heard = unpack(batch) as ReadonlyArray<Identified>
    const { lines, ...made } = await makeLines(heard, making)
    const written = isKept ? this.writer?.write(lines) : undefined
    const records = made.records.map((record, i) => ({ ...record, isWritten: written?.[i] }))
    const facts: MadeFacts = { ...made, records, onDisk: this.writer?.bytes ?? 0 }
    const all = concatAll(lines)
    this.tell({ _tag: "Made", facts: JSON.stringify(facts), lines: all }, [all.buffer])
  }

  /** A piece in each turn, so that a batch never waits for more than one. */
  private compressLater(): void {
    if (this.isCompressing || this.writer?.isBehind !== true) return
    this.isCompressing = true
    setImmediate(() => {
      this.isCompressing = false
      this.writer?.compress()
      this.compressLater()
    })
  }

  private end(totals: CaptureTotals): void {
    const directory = this.settings?.directory
    this.writer?.end()
    this.writer = undefined
    if (directory !== undefined) {
      const ended = { at: new Date().toISOString(), counters: totals }
      writeManifest(directory.path, manifestText(directory.origin, ended))
    }
    this.tell({ _tag: "Ended" }, [])
  }
}

const sha256 = (bytes: Uint8Array): string => new Bun.CryptoHasher("sha256").update(bytes).digest("hex")

/** Whole or not at all; where it cannot be written, the records say enough. */
const writeManifest = (folder: string, text: string): void => {
  const path = join(folder, manifestName)
  try {
    writeFileSync(`${path}${partSuffix}`, text, { mode: 0o600 })
    renameSync(`${path}${partSuffix}`, path)
  } catch {
    // A full disk, most likely.
  }
}
