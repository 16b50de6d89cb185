/** Make stream: the record of a connection that was carried unread: a stream, or a tunnel where it was TLS. */
import { type StreamRecord, recordVersion, type TunnelRecord } from "../record.ts"

import { commonFields, timeText, unlessInOrder } from "./common-fields.ts"
import type { HeardStream } from "./stream-recording.ts"

/** Why TLS was carried as it was, as long as nothing else is known of it. */
const notOpened = "TLS is carried as it is"

/** Makes the record. `id` is the one that it gets. */
export const makeStream = (heard: HeardStream, id: string): StreamRecord | TunnelRecord => {
  const { started, facts } = heard
  const common: Common = { v: recordVersion, id, started: timeText(started), ...commonFields(unlessInOrder(facts)) }
  return heard.tls === undefined ? streamOf(heard, common) : tunnelOf(heard, heard.tls, common)
}

type Common = Omit<StreamRecord, "kind" | "guess" | "lost" | "first">

const streamOf = ({ facts, guess, first }: HeardStream, common: Common): StreamRecord => ({
  ...common,
  kind: "stream",
  guess,
  ...(facts.lost === undefined ? {} : { lost: facts.lost }),
  ...(first === undefined ? {} : { first: { client: first.client.toBase64(), target: first.target.toBase64() } }),
})

const tunnelOf = (
  { facts }: HeardStream,
  { client, server }: NonNullable<HeardStream["tls"]>,
  common: Common,
): TunnelRecord => ({
  ...common,
  kind: "tunnel",
  tls: {
    opened: false,
    ...(server?.version === undefined ? {} : { version: server.version }),
    ...(server === undefined ? {} : { cipher: server.cipher }),
    ...(server?.protocol === undefined ? {} : { alpn: server.protocol }),
    ...(facts.sni === undefined ? {} : { sni: facts.sni }),
  },
  ...(client === undefined || client.protocols.length === 0 ? {} : { offered: client.protocols }),
  ...(client === undefined || client.versions.length === 0 ? {} : { versions: client.versions }),
  unopened: notOpened,
})
