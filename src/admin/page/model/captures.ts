/**
 * Captures: asks the proxy for what it has recorded, with the token that it wants for that.
 */
import { readRecord } from "../../../capture/read-record.ts"
import type { CaptureRecord } from "../../../capture/record.ts"

/** What came of a question. */
export type Answer<A> =
  | { readonly _tag: "Answered"; readonly value: A }
  /** No token is known, or the proxy does not take the one that is. */
  | { readonly _tag: "Locked"; readonly isKnown: boolean }
  | { readonly _tag: "Failed"; readonly why: string }

/** As `fetch`, of paths of the admin listener. */
export type Fetch = (path: string, init: RequestInit) => Promise<Response>

/** Effects of one record that are shown; whoever wants to see more of them filters. */
export const maxEffects = 50

/** Milliseconds: to look through everything that is kept takes a while. */
const answerTimeout = 10_000

/** Asks on behalf of whoever has a token; undefined where none is known, and then nothing is asked. */
export class Captures {
  private readonly token: string | undefined
  private readonly fetch: Fetch

  constructor(token: string | undefined, fetch: Fetch) {
    this.token = token
    this.fetch = fetch
  }

  /** The record with this id. */
  record(id: string): Promise<Answer<CaptureRecord | undefined>> {
    return this.ask(`/captures/${encodeURIComponent(id)}`, {}, (text, status) =>
      status === 404 ? undefined : read(text),
    )
  }

  /** The record of one request of a connection. */
  recordOfRequest(flow: number, n: number): Promise<Answer<CaptureRecord | undefined>> {
    return this.list(`flow:${flow} n:${n}`, 1, ([first]) => first)
  }

  /** The record of a connection that was carried and not read as requests. */
  recordOfConnection(flow: number): Promise<Answer<CaptureRecord | undefined>> {
    return this.list(`flow:${flow} kind:stream or flow:${flow} kind:tunnel`, 1, ([first]) => first)
  }

  /** Records that this one caused, the oldest first. */
  effects(id: string): Promise<Answer<ReadonlyArray<CaptureRecord>>> {
    return this.list(`cause:${id.replaceAll("-", "")}`, maxEffects, (found) => found)
  }

  /** Whether records are kept. */
  isOn(): Promise<Answer<boolean>> {
    return this.ask("/capture", {}, keeps)
  }

  /** Has records kept from now on, or not; answers what holds then. */
  switch(on: boolean): Promise<Answer<boolean>> {
    return this.ask("/capture", { method: "PUT", body: on ? "on" : "off" }, keeps)
  }

  private list<A>(filter: string, limit: number, show: (found: ReadonlyArray<CaptureRecord>) => A): Promise<Answer<A>> {
    const path = `/captures?filter=${encodeURIComponent(filter)}&limit=${limit}`
    return this.ask(path, {}, (text) => show(text.split("\n").filter(Boolean).map(read)))
  }

  private async ask<A>(path: string, init: RequestInit, show: (text: string, status: number) => A): Promise<Answer<A>> {
    if (this.token === undefined) return { _tag: "Locked", isKnown: false }
    try {
      const headers = { Accept: "application/json, text/plain", Authorization: `Bearer ${this.token}` }
      const signal = AbortSignal.timeout(answerTimeout)
      const answer = await this.fetch(path, { ...init, headers, signal, cache: "no-store" })
      const text = await answer.text()
      if (answer.status === 401) return { _tag: "Locked", isKnown: true }
      if (!answer.ok && answer.status !== 404) throw new Error(`${path} answers ${answer.status}: ${text.trim()}`)
      return { _tag: "Answered", value: show(text, answer.status) }
    } catch (cause) {
      return { _tag: "Failed", why: cause instanceof Error ? cause.message : String(cause) }
    }
  }
}

const read = (line: string): CaptureRecord => {
  const result = readRecord(line)
  if ("problem" in result) throw new Error(`this page cannot read the record: ${result.problem}`)
  return result.record
}

const keeps = (text: string, status: number): boolean => {
  if (status === 404) throw new Error("this proxy has no capture")
  const told: unknown = JSON.parse(text)
  return typeof told === "object" && told !== null && "keeps" in told && told.keeps === true
}
