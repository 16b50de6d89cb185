/**
 * Show: one record: for a person, as a command for curl, as an HTTP Archive, as a message that was sent, or its content.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { contentOf } from "../../capture/body.ts"
import { curlOf } from "../../capture/curl.ts"
import { describe } from "../../capture/describe.ts"
import { har } from "../../capture/har.ts"
import { rawRequest, rawResponse } from "../../capture/raw.ts"
import {
  type CaptureRecord,
  isHttp,
  type RecordedBody,
  type RecordedRequest,
  type RecordedResponse,
} from "../../capture/record.ts"
import { sizeText, visible } from "../../capture/text.ts"
import { type ConfigError, usageError } from "../../config/error.ts"
import type { MessageSide } from "../command-line/commands.ts"
import type { Outcome } from "../command-line/outcome.ts"
import { findRecord } from "./find.ts"
import { doneWith, failedWith, jsonLine, type Screen } from "./screen.ts"
import type { RecordSource, Unreadable } from "./source.ts"
import type { Write } from "./write.ts"

/** How the record is shown; one of them at most, else for a person. */
export interface ShowArgs {
  /** The end of the id. */
  readonly id: string
  readonly curl: boolean
  readonly har: boolean
  readonly json: boolean
  readonly raw: MessageSide | undefined
  readonly body: MessageSide | undefined
}

/** What showing needs of the process. */
export interface ShowParts {
  readonly screen: Screen
  /** For bytes that are no text. */
  readonly write: Write
  /** Of the program. */
  readonly version: string
}

/** Ends with 1 where there is no such record, or it has not what was asked for. */
export const show = (
  source: RecordSource,
  args: ShowArgs,
  parts: ShowParts,
): Effect.Effect<Outcome, Unreadable | ConfigError> => {
  const ways = [args.curl, args.har, args.json, args.raw !== undefined, args.body !== undefined]
  if (ways.filter(Boolean).length > 1) {
    return Effect.fail(usageError("show takes one of --curl, --har, --raw, --body and --json"))
  }
  return Effect.flatMap(findRecord(source, args.id), (found) => {
    if (Result.isFailure(found)) return Effect.succeed(found.failure)
    const { record, effects, notes } = found.success
    const shown = shownAs(record, effects, args, parts)
    if (Result.isFailure(shown)) return Effect.succeed(failedWith(shown.failure, notes))
    const { success } = shown
    if (typeof success === "string") return Effect.succeed(doneWith(success, notes))
    return Effect.as(
      Effect.promise(() => parts.write(success)),
      doneWith("", notes),
    )
  })
}

/** What goes to stdout, or why there is nothing. */
type Shown = Result.Result<string | Uint8Array, string>

const shownAs = (
  record: CaptureRecord,
  effects: ReadonlyArray<CaptureRecord>,
  args: ShowArgs,
  { screen, version }: ShowParts,
): Shown => {
  if (args.json) return Result.succeed(jsonLine(record))
  if (args.body !== undefined) return bodyOf(record, args.body, screen)
  if (args.raw !== undefined) return rawOf(record, args.raw, screen)
  if (!args.curl && !args.har) return Result.succeed(describe(record, { ...screen, effects }))
  if (!isHttp(record)) return Result.fail(`a record of kind ${record.kind} holds no request`)
  return Result.succeed(args.curl ? curlOf(record) : visible([...har([record], version)].join("")))
}

const messageOf = (
  record: CaptureRecord,
  side: MessageSide,
): Result.Result<RecordedRequest | RecordedResponse, string> => {
  if (!isHttp(record)) return Result.fail(`a record of kind ${record.kind} holds no ${side}`)
  const message = record[side]
  return message === undefined ? Result.fail("no response came") : Result.succeed(message)
}

const bodyOf = (record: CaptureRecord, side: MessageSide, screen: Screen): Shown =>
  Result.flatMap(messageOf(record, side), ({ body }): Shown => {
    if (body?.omitted !== undefined) {
      return Result.fail(`the body of ${sizeText(body.size)} is not in the record: ${body.omitted}`)
    }
    if (!screen.isTerminal) return Result.succeed(body === undefined ? "" : (contentOf(body) ?? ""))
    return isForTerminal(body) ? Result.succeed(endedText(body?.text ?? "")) : binary
  })

const rawOf = (record: CaptureRecord, side: MessageSide, screen: Screen): Shown =>
  Result.flatMap(messageOf(record, side), (message): Shown => {
    const bytes = isRequest(message) ? rawRequest(message) : rawResponse(message)
    if (!screen.isTerminal) return Result.succeed(bytes)
    if (!isForTerminal(message.body)) return binary
    return Result.succeed(endedText(new TextDecoder().decode(bytes).replaceAll("\r\n", "\n")))
  })

const isRequest = (message: RecordedRequest | RecordedResponse): message is RecordedRequest => "method" in message.line

const isForTerminal = (body: RecordedBody | undefined): boolean => body?.base64 === undefined || body.base64 === ""

const binary: Shown = Result.fail("the body is binary: send it to a file or through a pipe")

/** What a terminal may be shown, with a line feed at its end. */
const endedText = (text: string): string => visible(text.endsWith("\n") || text === "" ? text : `${text}\n`)
