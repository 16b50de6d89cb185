/**
 * Redactor: replaces what is secret in a record by tokens, before the record is stored or shown.
 *
 * Fails closed: what cannot be judged, for whatever reason, or not within `maxRedactionTime`, is not there afterwards. A
 * body is then `omitted: "redaction"`, a field is gone. `raw` stays, since whoever asks for it is told that it is not
 * redacted; it goes where bodies are dropped by a rule.
 */
import { scanBody } from "./bodies.ts"
import { applyEdits, type Edited, RedactionList } from "./edits.ts"
import { scanField, scanTarget } from "./heads.ts"
import { scanValue } from "./json.ts"
import type { Side } from "./places.ts"
import type { FieldList, Redactable, RedactableBody, RedactableFrame, RedactableMessage } from "./redactable.ts"
import { replaceKnown } from "./replace-known.ts"
import { builtInRules, type PlaceRule, type Rules } from "./rules.ts"
import { findShapes, minText } from "./shapes/shapes.ts"
import { samples } from "./shapes/samples.ts"
import { type RecordTimes, Scan, TimeLimit, type ActiveRules, type Where } from "./scan.ts"
import { scanText } from "./text.ts"
import { Tokens, type Digest } from "./tokens.ts"
import { fromBase64, pieceOf, viewOf, type View } from "./views.ts"

export interface RedactorParts<R> {
  readonly rules: Rules<R>
  readonly digest: Digest
  /** Milliseconds from any beginning, which never goes back. */
  readonly now: () => number
}

/** Times that a record is looked at: again where what was known to be secret was replaced, since that may divide it anew. */
export const maxRounds = 4

/** Returns what redacts the records of one capture: it never throws, and leaves the record that it is given alone. */
export const makeRedactor = <R>({ rules, digest, now }: RedactorParts<R>) => {
  let isWarm = false
  return <A extends R & Redactable>(record: A): A => {
    // The first use of all patterns takes 50 ms, which no record can afford.
    if (!isWarm) warmUp({ ...builtInRules, shapes: rules.shapes }, digest)
    isWarm = true
    return redacted(record, rules, digest, now)
  }
}

const warmUp = (rules: Rules<unknown>, digest: Digest): void => {
  for (const [type, text] of samples) redacted(sampleOf(type, text), rules, digest, () => 0)
}

const sampleOf = (type: string, text: string): Redactable => ({
  request: {
    line: { target: "/a%20b?token=x&next=%2F%3Fkey%3Dy" },
    headers: [
      ["Authorization", "Basic YTpwYXNzd29yZC0x"],
      ["Cookie", 'a=b; sid="s3cret-s3cret"'],
    ],
    body: { type, text },
  },
  response: {
    line: {},
    headers: [
      ["Set-Cookie", "id=c; Path=/"],
      ["X-Echo", "s3cret-s3cret password-1"],
    ],
  },
  frames: [{ from: "client", op: "text", text }],
  error: "no http://a:b@host",
})

const redacted = <R, A extends R & Redactable>(record: A, rules: Rules<R>, digest: Digest, now: () => number): A => {
  const active = activeRules(rules, record)
  const dropsBodies = drops(rules, record)
  let known: ReadonlySet<string> = new Set(record.redacted?.map(({ token }) => token))
  const bodies = new TimeLimit(now)
  let times: RecordTimes = { heads: bodies, bodies }
  let result = record
  for (let round = 0; round < maxRounds; round++) {
    const tokens = new Tokens(digest, known)
    const looked = { ...result, ...new RecordRedaction(active, tokens, times, dropsBodies).record(result) }
    // What bodies took of the time is not taken from heads, which are looked at before them but in later rounds.
    if (round === 0) times = { heads: new TimeLimit(now), bodies }
    result = { ...looked, ...replaceKnown(looked, { secrets: tokens.secrets, times }) }
    if (!tokens.secrets.wereFound) break
    known = tokens.all
  }
  return result
}

/** A filter that fails concerns the record where it hides, and does not where it keeps. */
const activeRules = <R>({ hide, keep, shapes }: Rules<R>, record: R): ActiveRules => ({
  hide: hide.filter((rule) => concerns(rule, record, true)).map(({ place }) => place),
  keep: keep.filter((rule) => concerns(rule, record, false)).map(({ place }) => place),
  shapes,
})

const concerns = <R>(rule: PlaceRule<R>, record: R, ifItFails: boolean): boolean => {
  try {
    return rule.concerns?.(record) ?? true
  } catch {
    return ifItFails
  }
}

const drops = <R>({ dropBodies }: Rules<R>, record: R): boolean => {
  try {
    return dropBodies?.(record) ?? false
  } catch {
    return true
  }
}

/** Finds secrets in a text by what it is. */
type Look = (scan: Scan, view: View) => void

class RecordRedaction {
  private readonly list = new RedactionList()
  private readonly rules: ActiveRules
  private readonly tokens: Tokens
  private readonly times: RecordTimes
  private readonly dropsBodies: boolean

  constructor(rules: ActiveRules, tokens: Tokens, times: RecordTimes, dropsBodies: boolean) {
    this.rules = rules
    this.tokens = tokens
    this.times = times
    this.dropsBodies = dropsBodies
  }

  /** The fields of a record that redaction may change. Heads come first: the time that bodies take is theirs alone. */
  record(record: Redactable): Redactable {
    const request = record.request === undefined ? undefined : this.head(record.request, "request")
    const response = record.response === undefined ? undefined : this.head(record.response, "response")
    const others = {
      ...(record.statement === undefined ? {} : { statement: this.word(record.statement, "request") }),
      ...(record.error === undefined ? {} : { error: this.word(record.error, "response") }),
      ...(record.lost === undefined ? {} : { lost: this.word(record.lost, "response") }),
      ...(record.close === undefined ? {} : { close: this.close(record.close) }),
    }
    const looked = {
      ...others,
      ...(request === undefined ? {} : { request: this.withBody(request, "request") }),
      ...(response === undefined ? {} : { response: this.withBody(response, "response") }),
      ...(record.frames === undefined ? {} : { frames: record.frames.map((frame) => this.frame(frame)) }),
      ...(record.first === undefined ? {} : { first: this.first(record.first) }),
    }
    const redacted = this.list.after(record.redacted ?? [])
    return redacted.length === 0 ? looked : { ...looked, redacted }
  }

  private head(message: RedactableMessage, side: Side): RedactableMessage {
    const { line, headers, trailers, interim } = message
    return {
      ...message,
      line: this.line(line, side),
      headers: this.fields(headers, side, "headers"),
      ...(trailers === undefined ? {} : { trailers: this.fields(trailers, side, "trailers") }),
      ...(interim === undefined ? {} : { interim: interim.map((each) => this.interim(each, side)) }),
    }
  }

  private interim(answer: { readonly headers: FieldList }, side: Side): { readonly headers: FieldList } {
    return { ...answer, headers: this.fields(answer.headers, side, "headers") }
  }

  /** A reason is free text, and a method or a version is whatever stands there. */
  private line(line: RedactableMessage["line"], side: Side): RedactableMessage["line"] {
    const { target } = line
    const where: Where = { side, part: "line", path: [], verdict: "open" }
    const words = (["method", "version", "reason"] as const).flatMap((name) => {
      const text = line[name]
      return text === undefined || text === "" ? [] : [[name, this.formless(text, where)] as const]
    })
    return {
      ...line,
      ...Object.fromEntries(words),
      ...(target === undefined ? {} : { target: this.target(target) }),
    }
  }

  /** A text that has no format; empty where it could not be judged. */
  private formless(text: string, where: Where): string {
    if (!this.mayHoldSecret(text)) return text
    return this.text(text, false, `${where.side}.${where.part}`, (scan, view) => scanText(scan, view, where)) ?? ""
  }

  /** Whether there is a shape, or a query, in which names count; all else would cost more than this for most names. */
  private mayHoldSecret(text: string): boolean {
    if (text.length < minText) return false
    let isFound = /[?#]/.test(text)
    findShapes(text, false, this.rules.shapes, () => (isFound = true))
    return isFound
  }

  private target(target: string): string {
    return this.text(target, false, "request.target", (scan, view) => scanTarget(scan, view)) ?? ""
  }

  private fields(fields: FieldList, side: Side, part: "headers" | "trailers"): FieldList {
    const where: Where = { side, part, path: [], verdict: "open" }
    return fields.flatMap(([written, value]): FieldList => {
      const name = this.formless(written, where)
      const path = `${side}.${part}.${name.toLowerCase()}`
      const text = this.text(value, false, path, (scan, view) => scanField(scan, side, part, name, view))
      return text === undefined ? [] : [[name, text]]
    })
  }

  /** A text of the record that has no place in a message. */
  private word(text: string, side: Side): string {
    return this.formless(text, bodyOf(side))
  }

  private close(close: { readonly reason: string }): { readonly reason: string } {
    return { ...close, reason: this.text(close.reason, false, "response.body", scanReason) ?? "" }
  }

  private withBody(message: RedactableMessage, side: Side): RedactableMessage {
    if (message.body === undefined) return message
    return { ...message, body: { ...this.body(message.body, side), type: this.type(message.body.type, side) } }
  }

  /** What a header says as well; where it was replaced there, the list says so. */
  private type(type: string, side: Side): string {
    if (this.rules.hide.length === 0 && !this.mayHoldSecret(type)) return type
    const look: Look = (scan, view) => scanField(scan, side, "headers", "content-type", view)
    return this.edit(type, false, look, this.times.heads)?.text ?? ""
  }

  private body(body: RedactableBody, side: Side): RedactableBody {
    if (this.dropsBodies) {
      const { raw: _raw, ...rest } = body
      return omitted(rest)
    }
    const content = this.content(body, body.truncated === true, `${side}.body`, (scan, view) =>
      scanBody(scan, view, side, body.type),
    )
    if (content === undefined) return omitted(body)
    if (content.text === body.text && content.base64 === body.base64) return body
    // A hash of what was there is something to try guesses against.
    const { sha256: _sha256, ...rest } = body
    return { ...rest, ...content }
  }

  /** What frames hold has no type: it is JSON if it is JSON. Of a close only the reason behind its code is text. */
  private frame(frame: RedactableFrame): RedactableFrame {
    const { text, base64, ...rest } = frame
    if (text === undefined && base64 === undefined) return frame
    if (this.dropsBodies) return { ...rest, omitted: "redaction" }
    const side = frame.from === "client" ? "request" : "response"
    const start = frame.op === "close" && text === undefined ? closeCodeBytes : 0
    const content = this.content(frame, isCut(frame), `${side}.body`, (scan, view) =>
      scanValue(scan, start === 0 ? view : pieceOf(view, start, view.text.length), bodyOf(side)),
    )
    return content === undefined ? { ...rest, omitted: "redaction" } : { ...rest, ...content }
  }

  private first({ client, target }: NonNullable<Redactable["first"]>): NonNullable<Redactable["first"]> {
    if (this.dropsBodies) return {}
    const look = (base64: string | undefined, side: Side): string | undefined =>
      this.content({ base64 }, true, `${side}.body`, (scan, view) => scanText(scan, view, bodyOf(side)))?.base64
    const ofClient = look(client, "request")
    const ofTarget = look(target, "response")
    return {
      ...(ofClient === undefined ? {} : { client: ofClient }),
      ...(ofTarget === undefined ? {} : { target: ofTarget }),
    }
  }

  /** The text or the bytes of a body, redacted; undefined where they could not be judged. */
  private content(
    { text, base64 }: { readonly text?: string | undefined; readonly base64?: string | undefined },
    cut: boolean,
    path: string,
    look: Look,
  ): { readonly text?: string; readonly base64?: string } | undefined {
    if (text !== undefined) {
      const redacted = this.text(text, cut, path, look, this.times.bodies)
      return redacted === undefined ? undefined : { text: redacted }
    }
    if (base64 === undefined) return {}
    const bytes = fromBase64(base64)
    const redacted = bytes === undefined ? undefined : this.text(bytes, cut, path, look, this.times.bodies)
    return redacted === undefined ? undefined : { base64: redacted === bytes ? base64 : btoa(redacted) }
  }

  /** Redacts one text; undefined, and an entry in the list, where it could not be judged. */
  private text(text: string, cut: boolean, path: string, look: Look, time = this.times.heads): string | undefined {
    const edited = this.edit(text, cut, look, time)
    if (edited === undefined) this.list.addError(path)
    else this.list.add(edited.redactions)
    return edited?.text
  }

  private edit(text: string, cut: boolean, look: Look, time: TimeLimit): Edited | undefined {
    const scan = new Scan(this.rules, this.tokens, time)
    try {
      look(scan, viewOf(text, cut))
      time.look()
      return applyEdits(text, scan.edits)
    } catch {
      return undefined
    }
  }
}

/** Bytes of a close frame before its reason (RFC 6455 section 5.5.1). */
const closeCodeBytes = 2

/** Whether the payload goes on behind what is here. */
const isCut = ({ text, base64, size }: RedactableFrame): boolean => {
  const kept = text === undefined ? atobLength(base64 ?? "") : new TextEncoder().encode(text).length
  return size !== undefined && kept < size
}

const atobLength = (base64: string): number => (base64.length / 4) * 3 - (/=*$/.exec(base64)?.[0].length ?? 0)

const scanReason = (scan: Scan, view: View): void => scanValue(scan, view, bodyOf("response"))

const bodyOf = (side: Side): Where => ({ side, part: "body", path: [], verdict: "open" })

const omitted = (body: RedactableBody): RedactableBody => {
  const { text, base64, sha256: _sha256, ...rest } = body
  // What has no content already says why.
  return text === undefined && base64 === undefined ? body : { ...rest, omitted: "redaction" }
}
