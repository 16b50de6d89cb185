/**
 * Captured: the executable with a capture in memory, and whatever shows what was captured: lists, HAR, the tap, and the
 * words of `show`. Its token is in a folder of its own.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { describe as describeRecord } from "../../src/capture/describe.ts"
import { readRecord } from "../../src/capture/read-record.ts"
import type { CaptureRecord } from "../../src/capture/record.ts"
import { type Options, type Pillion, startPillion } from "./pillion.ts"
import { Condition } from "./within.ts"

export class Captured {
  readonly pillion: Pillion
  private readonly runtime: string
  private readonly token: string
  /** Lines of the tap, without their line ends. */
  readonly tapped: Array<string> = []
  private readonly condition = new Condition()
  private readonly leave = new AbortController()

  constructor(pillion: Pillion, runtime: string, token: string) {
    this.pillion = pillion
    this.runtime = runtime
    this.token = token
  }

  /** What an admin path answers to whoever has the token. */
  async get(path: string): Promise<string> {
    const answer = await this.fetch(path)
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text}`)
    return text
  }

  /** Reads the tap from now on; resolves when it is open. */
  async tap(): Promise<void> {
    const answer = await this.fetch("/tap?bodies=1")
    if (answer.status !== 200 || answer.body === null) throw new Error(`/tap: ${answer.status}`)
    void this.read(answer.body)
  }

  /** The records that are kept, the oldest first. */
  async records(): Promise<ReadonlyArray<CaptureRecord>> {
    const lines = (await this.get("/captures?limit=10000")).split("\n").filter((line) => line !== "")
    return lines.map(recordOf)
  }

  /** The first record that fits, as soon as the tap tells of it. */
  record<K extends CaptureRecord["kind"]>(
    kind: K,
    fits: (record: Extract<CaptureRecord, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<CaptureRecord, { kind: K }>> {
    const find = () =>
      this.tapped
        .map(recordOf)
        .find((record): record is Extract<CaptureRecord, { kind: K }> => record.kind === kind && fits(record as never))
    return this.condition.until(find, () => `such ${kind} among ${this.tapped.length} records`, 10_000)
  }

  /** All that a person is shown of every record. */
  async shown(): Promise<string> {
    return (await this.records()).map((record) => describeRecord(record, { columns: 120, color: false })).join("\n")
  }

  /** Reads no more of the tap, and ends the executable. */
  async stop(): Promise<void> {
    this.leave.abort()
    await this.pillion.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.leave.abort()
    await this.pillion[Symbol.asyncDispose]()
    await rm(this.runtime, { recursive: true, force: true })
  }

  private fetch(path: string): Promise<Response> {
    const headers = { Authorization: `Bearer ${this.token}` }
    const url = `http://127.0.0.1:${this.pillion.ports.admin}${path}`
    return fetch(url, { headers, proxy: "", signal: this.leave.signal })
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ""
    try {
      for await (const piece of body) {
        const lines = (rest + decoder.decode(piece, { stream: true })).split("\n")
        rest = lines.pop() ?? ""
        this.tapped.push(...lines.filter((line) => line !== ""))
        this.condition.changed()
      }
    } catch (cause) {
      if (!this.leave.signal.aborted) throw cause
    }
  }
}

const recordOf = (line: string): CaptureRecord => {
  const read = readRecord(line)
  if ("problem" in read) throw new Error(`${read.problem}: ${line}`)
  return read.record
}

/** Starts it, with its tap read from the beginning. Records go to memory, or `to` a directory. */
export const startCaptured = async (options: Options = {}, to = "memory"): Promise<Captured> => {
  const runtime = await mkdtemp(join(tmpdir(), "pillion-runtime-"))
  const flags = [`--capture=${to}`, ...(options.flags ?? [])]
  const running = await startPillion({ ...options, flags, env: { XDG_RUNTIME_DIR: runtime, ...options.env } })
  const folder = join(runtime, "pillion")
  const [name = ""] = await readdir(folder)
  const token = (await Bun.file(join(folder, name)).text()).trim()
  const captured = new Captured(running, runtime, token)
  await captured.tap()
  return captured
}
