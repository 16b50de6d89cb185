/** Extensions: what the two sides of a WebSocket agreed on, by the answer that opened it (RFC 6455 section 9.1). */

export interface Extensions {
  /** permessage-deflate (RFC 7692). */
  readonly deflate: boolean
  /** Names of others: what they make of frames is not known here. */
  readonly others: ReadonlyArray<string>
}

/** Reads the values of Sec-WebSocket-Extensions, joined by commas. Parameters say how the sender compresses: no reader needs them. */
export const readExtensions = (value: string): Extensions => {
  const names = value
    // A comma in a quoted parameter divides nothing.
    .replaceAll(/"(?:\\.|[^"\\])*"/g, "")
    .split(",")
    .map((each) => (each.split(";", 1)[0] ?? "").trim().toLowerCase())
    .filter((name) => name !== "")
  return { deflate: names.includes(deflate), others: names.filter((name) => name !== deflate) }
}

const deflate = "permessage-deflate"
