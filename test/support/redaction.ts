/** Redaction with a key of its own, and records to redact. */
import { builtInRules, type Rules } from "../../src/capture/redact/rules.ts"
import type { FieldList, Redactable } from "../../src/capture/redact/redactable.ts"
import { makeRedactor } from "../../src/capture/redact/redactor.ts"

/** HMAC-SHA256 with a key that the tests know. */
export const digest = (value: string): string =>
  new Bun.CryptoHasher("sha256", "a key of the tests").update(value).digest("hex")

/** A clock that stands. */
export const standing = (): number => 0

export const redactorOf = (rules: Rules<unknown> = builtInRules, now: () => number = standing) =>
  makeRedactor({ rules, digest, now })

export interface Content {
  readonly target?: string
  readonly headers?: FieldList
  readonly trailers?: FieldList
  readonly type?: string
  readonly text?: string
  readonly base64?: string
  readonly truncated?: boolean
}

export interface Message {
  readonly line: { readonly method: string; readonly target: string; readonly version: string }
  readonly headers: FieldList
  readonly trailers?: FieldList
  readonly body?: {
    readonly size: number
    readonly type: string
    readonly text?: string
    readonly base64?: string
    readonly omitted?: string
    readonly truncated?: boolean
  }
}

const message = ({ target = "/", headers = [], trailers, type = "", text, base64, truncated }: Content): Message => ({
  line: { method: "POST", target, version: "1.1" },
  headers,
  ...(trailers === undefined ? {} : { trailers }),
  ...(text === undefined && base64 === undefined
    ? {}
    : {
        body: {
          size: 1,
          type,
          ...(text === undefined ? {} : { text }),
          ...(base64 === undefined ? {} : { base64 }),
          ...(truncated === undefined ? {} : { truncated }),
        },
      }),
})

export interface Exchange {
  readonly request: Message
  readonly response: Message
  readonly redacted?: Redactable["redacted"]
}

export const recordOf = (request: Content, response: Content = {}): Exchange => ({
  request: message(request),
  response: message(response),
})

/** A body of this type after redaction; undefined where it was left out. */
export const redactBody = (type: string, text: string, content: Content = {}): string | undefined =>
  redactorOf()(recordOf({ ...content, type, text })).request.body?.text
