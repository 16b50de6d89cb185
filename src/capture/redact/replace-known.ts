/**
 * Replace known: has what was secret somewhere in a record replaced everywhere in it, when all of it was looked at. Fails
 * closed, as all of a redaction does: content that there is no time for is left out.
 */
import type { Redaction } from "./edits.ts"
import type { KnownSecrets } from "./known.ts"
import type { Side } from "./places.ts"
import type { FieldList, Redactable, RedactableMessage } from "./redactable.ts"
import type { TimeLimit } from "./scan.ts"

export interface KnownParts {
  readonly secrets: KnownSecrets
  readonly time: TimeLimit
  /** Entries of the record's list of what was replaced. */
  readonly maxRedactions: number
}

/** The record with what may hold text of its messages replaced; the record itself where nothing is known. */
export const replaceKnown = (record: Redactable, parts: KnownParts): Redactable =>
  parts.secrets.isEmpty ? record : new Replacing(parts).record(record)

interface Content {
  readonly text?: string | undefined
  readonly base64?: string | undefined
  readonly omitted?: string | undefined
}

class Replacing {
  private readonly redactions: Array<Redaction> = []
  private readonly parts: KnownParts

  constructor(parts: KnownParts) {
    this.parts = parts
  }

  /** Heads come first, as where secrets are found: the time that bodies take is theirs alone. */
  record(record: Redactable): Redactable {
    const words = ["target", "authority", "sni", "error", "lost", "statement"] as const
    const texts = words.flatMap((name) => {
      const text = record[name]
      return text === undefined ? [] : [[name, this.text(text, name)] as const]
    })
    const { request, response, frames, close, first } = record
    const asked = request && this.head(request, "request")
    const answered = response && this.head(response, "response")
    return {
      ...record,
      ...Object.fromEntries(texts),
      ...(close === undefined ? {} : { close: { ...close, reason: this.text(close.reason, "close") } }),
      ...(asked === undefined ? {} : { request: this.withBody(asked, "request") }),
      ...(answered === undefined ? {} : { response: this.withBody(answered, "response") }),
      ...(frames === undefined ? {} : { frames: frames.map((frame, i) => this.content(frame, `frames[${i}]`)) }),
      ...(first === undefined ? {} : { first: this.first(first) }),
      ...this.listed(record.redacted ?? []),
    }
  }

  private head(message: RedactableMessage, side: Side): RedactableMessage {
    const { line, headers, trailers, interim } = message
    const { target, reason } = line
    return {
      ...message,
      line: {
        ...line,
        ...(target === undefined ? {} : { target: this.text(target, `${side}.target`) }),
        ...(reason === undefined ? {} : { reason: this.text(reason, `${side}.line`) }),
      },
      headers: this.fields(headers, `${side}.headers`),
      ...(trailers === undefined ? {} : { trailers: this.fields(trailers, `${side}.trailers`) }),
      ...(interim === undefined ? {} : { interim: interim.map((each) => this.interim(each, side)) }),
    }
  }

  private interim(answer: { readonly headers: FieldList }, side: Side): { readonly headers: FieldList } {
    return { ...answer, headers: this.fields(answer.headers, `${side}.headers`) }
  }

  private fields(fields: FieldList, path: string): FieldList {
    return fields.map(([name, value]) => [name, this.text(value, `${path}.${name.toLowerCase()}`)])
  }

  private withBody(message: RedactableMessage, side: Side): RedactableMessage {
    const { body } = message
    if (body === undefined) return message
    const replaced = this.content(body, `${side}.body`)
    // What a header says as well: the list has that one.
    const { text: type } = this.parts.secrets.replace(body.type, "")
    if (replaced === body) return type === body.type ? message : { ...message, body: { ...body, type } }
    // A hash of what was there is something to try guesses against.
    const { sha256: _, ...rest } = replaced
    return { ...message, body: { ...rest, type } }
  }

  private first({ client, target }: NonNullable<Redactable["first"]>): NonNullable<Redactable["first"]> {
    const ofClient = this.content({ base64: client }, "first.client").base64
    const ofTarget = this.content({ base64: target }, "first.target").base64
    return {
      ...(ofClient === undefined ? {} : { client: ofClient }),
      ...(ofTarget === undefined ? {} : { target: ofTarget }),
    }
  }

  /** The same object where nothing is replaced. */
  private content<A extends Content>(content: A, path: string): A {
    const { text, base64, ...rest } = content
    try {
      if (text === undefined && base64 === undefined) return content
      this.parts.time.look()
      const before = text ?? atob(base64 ?? "")
      const after = this.text(before, path)
      if (after === before) return content
      // What it had besides is still there.
      return { ...content, ...(text === undefined ? { base64: btoa(after) } : { text: after }) }
    } catch {
      this.note([{ path, rule: "error", token: "" }])
      return { ...rest, omitted: "redaction" } as unknown as A
    }
  }

  private text(text: string, path: string): string {
    const { text: after, redactions } = this.parts.secrets.replace(text, path)
    this.note(redactions)
    return after
  }

  private note(redactions: ReadonlyArray<Redaction>): void {
    for (const each of redactions) if (this.redactions.length < this.parts.maxRedactions) this.redactions.push(each)
  }

  /** Names of places are the message's own, and one may hold what is secret. */
  private listed(before: ReadonlyArray<Redaction>): { readonly redacted?: ReadonlyArray<Redaction> } {
    const redacted = [...before, ...this.redactions].slice(0, this.parts.maxRedactions)
    if (redacted.length === 0) return {}
    return { redacted: redacted.map((each) => this.withoutSecrets(each)) }
  }

  private withoutSecrets(redaction: Redaction): Redaction {
    return { ...redaction, path: this.parts.secrets.replace(redaction.path, "").text }
  }
}
