/** URL: what a recorded request was for, put together of its parts as they were sent (RFC 9112 section 3.2). */
import type { FieldList, RecordedRequest } from "./record.ts"

/** What of a record names its destination. */
export interface Destined {
  readonly request: Pick<RecordedRequest, "line" | "headers">
  readonly authority?: string | undefined
  readonly target?: string | undefined
  readonly tls?: { readonly opened: boolean } | undefined
}

const absolute = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i

/** `host:port` that the request itself names, else that of the connection; empty where nothing does. */
export const authorityOf = ({ request, authority, target }: Omit<Destined, "tls">): string =>
  absolute.exec(request.line.target)?.[2] ?? valueOf(request.headers, "host") ?? authority ?? target ?? ""

/** The URL with scheme and authority; of CONNECT and `*` the target as sent behind them. */
export const urlOf = (destined: Destined): string => {
  const { target } = destined.request.line
  if (absolute.test(target)) return target
  const scheme = destined.tls?.opened === true ? "https" : "http"
  return `${scheme}://${authorityOf(destined)}${target.startsWith("/") ? "" : "/"}${target}`
}

/** The path of a target, without scheme, authority and query. */
export const pathOf = (target: string): string => target.replace(absolute, "").split(/[?#]/, 1)[0] ?? ""

/** The parameters of a target's query in their order, percent-decoded where they can be. */
export const queryOf = (target: string): ReadonlyArray<readonly [name: string, value: string]> => {
  const at = target.indexOf("?")
  return at < 0 ? [] : pairsOf(target.slice(at + 1).split("#", 1)[0] ?? "")
}

/** The pairs of a query or a form (application/x-www-form-urlencoded), percent-decoded where they can be. */
export const pairsOf = (text: string): ReadonlyArray<readonly [name: string, value: string]> =>
  text
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const at = pair.indexOf("=")
      return at < 0 ? [decoded(pair), ""] : [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))]
    })

const decoded = (text: string): string => {
  const spaced = text.replaceAll("+", " ")
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

/** The first value of a field, by its name in lower case. */
export const valueOf = (headers: FieldList, name: string): string | undefined =>
  headers.find(([each]) => each.toLowerCase() === name)?.[1]

/** All values of a field, by its name in lower case. */
export const valuesOf = (headers: FieldList, name: string): ReadonlyArray<string> =>
  headers.flatMap(([each, value]) => (each.toLowerCase() === name ? [value] : []))
