/**
 * Capture: says whether the running proxy keeps records of what passes, or has it begin or end.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { isObject } from "../../capture/check.ts"
import { sizeText, visibleLine } from "../../capture/text.ts"
import type { Settings } from "../../config/settings.ts"
import { done, failed, type Outcome } from "../command-line/outcome.ts"
import { get, put, whyRefused } from "./admin-client.ts"
import { ownTokenPlaces, readToken } from "./admin-token.ts"
import { runningPort } from "./ports.ts"

export interface CaptureArgs {
  /** `on`, `off` or `status`. */
  readonly word: string
  /** What the proxy answers, instead of lines for a person. */
  readonly json: boolean
}

/** Succeeds with how things are then. */
export const captureCommand = (settings: Settings, { word, json }: CaptureArgs): Effect.Effect<Outcome> => {
  const port = runningPort(settings, "admin")
  if (Result.isFailure(port)) return Effect.succeed(failed(port.failure))
  const token = readToken(port.success, ownTokenPlaces(process.env))
  const answered = word === "status" ? get(port.success, "/capture", token) : put(port.success, "/capture", word, token)
  return Effect.match(answered, {
    onSuccess: (text) => done(json ? `${text.trimEnd()}\n` : statusText(text)),
    onFailure: (error) => failed(whyRefused(error, port.success)),
  })
}

/** What the proxy says of its capture, for a person. */
export const statusText = (text: string): string => {
  const status: unknown = JSON.parse(text)
  if (!isObject(status)) return ""
  const { capture, keeps, following, records, bytes, disk_bytes: disk, dropped, left_out: leftOut } = status
  const where = capture === "off" || capture === "memory" ? "in memory" : `in ${visibleLine(String(capture))}`
  const readers = Number(following) === 0 ? "" : `; read by ${String(following)}`
  const onDisk = Number(disk) === 0 ? "" : `, ${sizeText(Number(disk))} in the directory`
  const reasons = isObject(dropped) ? Object.entries(dropped).filter(([, count]) => count !== 0) : []
  const lost = reasons.map(([reason, count]) => `${String(count)} (${visibleLine(reason)})`).join(", ")
  return [
    `capture: ${keeps === true ? `on, ${where}` : "off"}${readers}`,
    `records: ${String(records)}, ${sizeText(Number(bytes))} of memory${onDisk}`,
    `dropped: ${lost || "none"}`,
    `left out by filter and sample: ${String(leftOut)}`,
    "",
  ].join("\n")
}
