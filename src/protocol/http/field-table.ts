/**
 * Field table: THE list of header fields that this proxy treats in some special way. A field that does not stand here is
 * carried as it came, may be a trailer, and may be listed in Connection.
 */

/** The fields that a proxy must understand; everything else is `other` and is carried as it came. */
export const Field = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  proxyConnection: 5,
  keepAlive: 6,
  te: 7,
  upgrade: 8,
  http2Settings: 9,
  proxyAuthorization: 10,
  proxyAuthenticationInfo: 11,
  via: 12,
  expect: 13,
  maxForwards: 14,
  authorization: 15,
  wwwAuthenticate: 16,
  userAgent: 17,
  traceparent: 18,
} as const
export type FieldId = (typeof Field)[keyof typeof Field]

interface FieldRow {
  /** Lower case. */
  readonly name: string
  /** Field.other where only trailers and Connection ask for it. */
  readonly id: FieldId
  /** Concerns one connection only (RFC 9110 section 7.6.1), or holds credentials meant for this proxy: not passed on. */
  readonly hopByHop: boolean
  /** False for what would frame, route, authenticate or steer the message after the fact (RFC 9110 section 6.5.1). */
  readonly mayBeTrailer: boolean
  /**
   * False for end-to-end fields, which a Connection option may not remove (RFC 9110 section 7.6.1): a peer that names
   * one wants another recipient to see a different message.
   */
  readonly mayBeListed: boolean
}

const row = (name: string, id: FieldId, hopByHop: boolean, mayBeTrailer: boolean, mayBeListed: boolean): FieldRow => ({
  name,
  id,
  hopByHop,
  mayBeTrailer,
  mayBeListed,
})

export const fieldTable: ReadonlyArray<FieldRow> = [
  // name, id, hop-by-hop, may be a trailer, may be listed in Connection
  row("te", Field.te, true, false, true),
  row("via", Field.via, false, false, false),
  row("host", Field.host, false, false, false),
  row("range", Field.other, false, false, false),
  row("expect", Field.expect, false, false, false),
  row("cookie", Field.other, false, false, false),
  row("upgrade", Field.upgrade, false, false, true),
  row("trailer", Field.other, false, false, false),
  row("forwarded", Field.other, false, false, false),
  row("user-agent", Field.userAgent, false, true, true),
  row("connection", Field.connection, true, false, true),
  row("keep-alive", Field.keepAlive, true, false, true),
  row("traceparent", Field.traceparent, false, true, true),
  row("set-cookie", Field.other, false, false, false),
  row("max-forwards", Field.maxForwards, false, false, false),
  row("content-type", Field.other, false, false, false),
  row("authorization", Field.authorization, false, false, false),
  row("cache-control", Field.other, false, false, false),
  row("content-range", Field.other, false, false, false),
  row("content-length", Field.contentLength, false, false, false),
  row("http2-settings", Field.http2Settings, true, true, true),
  row("www-authenticate", Field.wwwAuthenticate, false, false, true),
  row("proxy-connection", Field.proxyConnection, true, false, true),
  row("content-encoding", Field.other, false, false, false),
  row("transfer-encoding", Field.transferEncoding, false, false, false),
  row("proxy-authenticate", Field.other, false, false, true),
  row("proxy-authorization", Field.proxyAuthorization, true, false, true),
  row("proxy-authentication-info", Field.proxyAuthenticationInfo, true, false, true),
]

const namesOf = (rows: ReadonlyArray<FieldRow>): ReadonlySet<string> => new Set(rows.map(({ name }) => name))

/** Names of fields that are left out of trailers. */
export const noTrailers = namesOf(fieldTable.filter(({ mayBeTrailer }) => !mayBeTrailer))

/** Names of fields that stay although Connection lists them. */
export const neverListed = namesOf(fieldTable.filter(({ mayBeListed }) => !mayBeListed))

/** By FieldId: 1 for hop-by-hop fields. */
export const hopByHop = new Uint8Array(Object.keys(Field).length)
for (const field of fieldTable) if (field.hopByHop) hopByHop[field.id] = 1
