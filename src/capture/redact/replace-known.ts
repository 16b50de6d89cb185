/**
 * Replace known: has what was secret somewhere in a record replaced everywhere in it, when all of it was looked at. Fails
 * closed, as all of a redaction does: what there is no time for is left out.
 */
import { type Redaction, RedactionList } from "./edits.ts"
import type { KnownSecrets } from "./known.ts"
import type { Side } from "./places.ts"
import type { FieldList, Redactable, RedactableMessage } from "./redactable.ts"
import type { RecordTimes, TimeLimit } from "./scan.ts"
import { fromBase64 } from "./views.ts"

export interface KnownParts {
  readonly secrets: KnownSecrets
  readonly times: RecordTimes
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
  private readonly list = new RedactionList()
  private readonly parts: KnownParts

  constructor(parts: KnownParts) {
    this.parts = parts
  }

  /** Heads come first, as where secrets are found: the time that bodies take is theirs alone. */
  record(record: Redactable): Redactable {
    const words = ["target", "authority", "sni", "error", "lost", "statement"] as const
    const texts = words.flatMap((name) => {
      const text = record[name]
      return text === undefined ? [] : [[name, this.word(text, name)] as const]
    })
    const { request, response, frames, close, first } = record
    const asked = request && this.head(request, "request")
    const answered = response && this.head(response, "response")
    return {
      ...record,
      ...Object.fromEntries(texts),
      ...(close === undefined ? {} : { close: { ...close, reason: this.word(close.reason, "close") } }),
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
        ...(target === undefined ? {} : { target: this.word(target, `${side}.target`) }),
        ...(reason === undefined ? {} : { reason: this.word(reason, `${side}.line`) }),
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
    return fields.flatMap(([name, value]): FieldList => {
      const text = this.text(value, `${path}.${name.toLowerCase()}`, this.parts.times.heads)
      return text === undefined ? [] : [[name, text]]
    })
  }

  private withBody(message: RedactableMessage, side: Side): RedactableMessage {
    const { body } = message
    if (body === undefined) return message
    const replaced = this.content(body, `${side}.body`)
    const type = this.unlisted(body.type) ?? ""
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
    if (text === undefined && base64 === undefined) return content
    const before = text ?? fromBase64(base64 ?? "")
    const after = before === undefined ? undefined : this.text(before, path, this.parts.times.bodies)
    // What it had besides is still there.
    if (after === undefined) return { ...rest, omitted: "redaction" } as unknown as A
    if (after === before) return content
    return { ...content, ...(text === undefined ? { base64: btoa(after) } : { text: after }) }
  }

  /** A text of a head, or of the record itself; empty where there is no time for it. */
  private word(text: string, path: string): string {
    return this.text(text, path, this.parts.times.heads) ?? ""
  }

  /** Undefined, and an entry in the list, where there is no time for it. */
  private text(text: string, path: string, time: TimeLimit): string | undefined {
    try {
      const { text: after, redactions } = this.parts.secrets.replace(text, path, time)
      this.list.add(redactions)
      return after
    } catch {
      this.list.addError(path)
      return undefined
    }
  }

  /** A text that says what another one says, which is in the list; undefined where there is no time for it. */
  private unlisted(text: string): string | undefined {
    try {
      return this.parts.secrets.replace(text, "", this.parts.times.heads).text
    } catch {
      return undefined
    }
  }

  private listed(before: ReadonlyArray<Redaction>): { readonly redacted?: ReadonlyArray<Redaction> } {
    const redacted = this.list.after(before)
    return redacted.length === 0 ? {} : { redacted: redacted.map((each) => this.withoutSecrets(each)) }
  }

  /** Names of places are the message's own, and one may hold what is secret: side and part are not. */
  private withoutSecrets(redaction: Redaction): Redaction {
    const { path } = redaction
    return { ...redaction, path: this.unlisted(path) ?? path.split(".", 2).join(".") }
  }
}
