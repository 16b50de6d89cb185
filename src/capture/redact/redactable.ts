/** Redactable: what of a record is looked at: records of every kind have some of it. */
import type { Redaction } from "./edits.ts"

export type FieldList = ReadonlyArray<readonly [name: string, value: string]>

export interface RedactableBody {
  readonly type: string
  readonly text?: string | undefined
  readonly base64?: string | undefined
  readonly omitted?: string | undefined
  readonly sha256?: string | undefined
  readonly truncated?: boolean | undefined
  readonly raw?: string | undefined
}

export interface RedactableMessage {
  readonly line: {
    readonly method?: string | undefined
    readonly target?: string | undefined
    readonly version?: string | undefined
    readonly reason?: string | undefined
  }
  readonly headers: FieldList
  readonly trailers?: FieldList | undefined
  readonly interim?: ReadonlyArray<{ readonly headers: FieldList }> | undefined
  readonly body?: RedactableBody | undefined
}

export interface RedactableFrame {
  readonly from: "client" | "target"
  readonly op?: string | undefined
  readonly text?: string | undefined
  readonly base64?: string | undefined
  readonly omitted?: string | undefined
  /** Bytes of the payload, also where it is not here whole. */
  readonly size?: number | undefined
}

export interface Redactable {
  readonly request?: RedactableMessage | undefined
  readonly response?: RedactableMessage | undefined
  readonly frames?: ReadonlyArray<RedactableFrame> | undefined
  /** Why a WebSocket was closed. */
  readonly close?: { readonly reason: string } | undefined
  /** The first bytes of each side of a stream. */
  readonly first?: { readonly client?: string | undefined; readonly target?: string | undefined } | undefined
  readonly statement?: string | undefined
  readonly error?: string | undefined
  readonly lost?: string | undefined
  /** Names of the peers, which may repeat what is secret elsewhere. */
  readonly target?: string | undefined
  readonly authority?: string | undefined
  readonly sni?: string | undefined
  readonly redacted?: ReadonlyArray<Redaction> | undefined
}
