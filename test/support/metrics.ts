/**
 * Metrics: what `/metrics` of a running Pillion says, read by the rules of Prometheus' text format 0.0.4.
 */
import type { Pillion } from "./pillion.ts"

export interface Scrape {
  readonly types: ReadonlyMap<string, string>
  readonly samples: ReadonlyMap<string, number>
}

/** Throws for a line that the format does not know, for a sample without its type, and for one that comes twice. */
export const parseMetrics = (text: string): Scrape => {
  if (!text.endsWith("\n")) throw new Error("no newline at the end")
  const types = new Map<string, string>()
  const samples = new Map<string, number>()
  for (const line of text.trimEnd().split("\n")) {
    if (/^# HELP [a-zA-Z_:][a-zA-Z0-9_:]* \S/.test(line)) continue
    const [, typed, type] = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/.exec(line) ?? []
    if (typed !== undefined && type !== undefined) {
      types.set(typed, type)
      continue
    }
    const [, name = "", labels = "", value = ""] =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (\S+)$/.exec(line) ?? []
    if (name === "" || Number.isNaN(Number(value))) throw new Error(`no sample: ${line}`)
    if (!types.has(name) && types.get(name.replace(/_(bucket|sum|count)$/, "")) !== "histogram") {
      throw new Error(`no type: ${line}`)
    }
    if (samples.has(name + labels)) throw new Error(`twice: ${line}`)
    samples.set(name + labels, Number(value))
  }
  return { types, samples }
}

export const scrape = async (running: Pillion): Promise<Scrape> => {
  const answer = await fetch(`http://127.0.0.1:${running.ports.health}/metrics`, { proxy: "" })
  return parseMetrics(await answer.text())
}
