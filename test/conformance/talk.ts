/**
 * Talk: HTTP as the cases write it and look at it.
 */
import { field } from "../support/http.ts"
import type { Peer } from "../support/peer.ts"

/** An absolute-form request with these field lines behind its Host, and this body. */
export const request = (
  method: string,
  authority: string,
  path: string,
  fields: ReadonlyArray<string> = [],
  body = "",
): string => [`${method} http://${authority}${path} HTTP/1.1`, `Host: ${authority}`, ...fields, "", body].join("\r\n")

export const get = (authority: string, path = "/", ...fields: ReadonlyArray<string>): string =>
  request("GET", authority, path, fields)

/** Fails with what was wanted and what came. */
export const same = (what: string, got: unknown, wanted: unknown): void => {
  const [is, should] = [JSON.stringify(got), JSON.stringify(wanted)]
  if (is !== should) throw new Error(`${what}: ${is?.slice(0, 300)} where ${should?.slice(0, 300)} was due`)
}

export const must = (held: boolean, otherwise: string): void => {
  if (!held) throw new Error(otherwise)
}

/** The value of a field in a head's bytes; several are joined by ", ". */
export const fieldOf = (bytes: string, name: string): string | undefined => {
  const [line = "", ...lines] = (bytes.split("\r\n\r\n")[0] ?? "").split("\r\n")
  const fields = lines.map((each) => {
    const colon = each.indexOf(":")
    return [each.slice(0, colon), each.slice(colon + 1).trim()] as const
  })
  return field({ line, fields, body: "" }, name)
}

/** Sends a line without end, until the proxy answers or has had enough; then waits for its end. At most 32 MiB. */
export const flood = async (client: Peer, line: string): Promise<void> => {
  const lines = Buffer.from(line.repeat(Math.ceil(65_536 / line.length)), "latin1")
  const answered = client.untilReceived(1).catch(() => {})
  for (let sent = 0; sent < 32 << 20 && client.received === 0 && client.failure === undefined; sent += lines.length) {
    const taken = new Promise<void>((resolve) => client.socket.write(lines, () => setImmediate(resolve)))
    await Promise.race([taken, answered])
  }
  await client.untilOver()
}

/** Whether a client that got these bytes, and then this, takes the answer for whole. */
export const looksWhole = (bytes: string, over: "end" | "reset"): boolean => {
  const headEnd = bytes.indexOf("\r\n\r\n")
  if (headEnd < 0) return false
  const body = bytes.slice(headEnd + 4)
  const length = fieldOf(bytes, "Content-Length")
  if (fieldOf(bytes, "Transfer-Encoding") !== undefined) return lastChunk.test(body)
  return length === undefined ? over === "end" : body.length >= Number(length)
}

const lastChunk = /(^|\r\n)0+(;[^\r\n]*)?\r\n([^\r\n]+\r\n)*\r\n$/
