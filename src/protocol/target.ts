/**
 * Target: where a client wants to go, as its handshake or request named it.
 *
 * A host that is an address in any spelling becomes that address here, before policy, resolver or log see it; a host
 * that could only mislead (a zone, control bytes, non-ASCII, `0x7f.1`) is refused. Names keep the case and the
 * trailing dot that the client wrote; `comparableName` is the form to compare.
 */
import { DOT, HYPHEN, LOWER_A, LOWER_Z, NINE, UNDERSCORE, UPPER_A, UPPER_Z, ZERO } from "./ascii.ts"
import { type Address, looksNumeric, parseAddress, parseIpv6 } from "./address.ts"
import { toLatin1 } from "./bytes.ts"

/** A host is a name still to be resolved, or an address in its canonical form (IPv4-mapped IPv6 is IPv4). */
export type Host = { readonly _tag: "Name"; readonly name: string } | Address

export interface Target {
  readonly host: Host
  /** 1..65535 */
  readonly port: number
}

/** RFC 1035 section 2.3.4 gives a name 255 bytes on the wire: 253 characters of text, and a trailing dot may follow. */
const maxName = 253
/** RFC 1035 section 2.3.4. */
const maxLabel = 63
/** A name with its trailing dot, a colon and five digits. Anything longer need not be looked at. */
const maxAuthority = maxName + 1 + 1 + 5

/**
 * A host without brackets: an IPv4 or IPv6 literal, or a name of letters, digits, hyphens and underscores (which
 * service names use) in labels of 1 to 63. Undefined for anything else. The resolver judges where hyphens stand.
 */
export const parseHost = (text: string): Host | undefined => {
  const address = parseAddress(text)
  if (address !== undefined) return address
  return isName(text) && !looksNumeric(text) ? { _tag: "Name", name: text } : undefined
}

/** The name field of SOCKS4a and SOCKS5. Some clients put a literal there, and IPv6 ones even in brackets. */
export const parseDomain = (text: string): Host | undefined =>
  text.startsWith("[") && text.endsWith("]") ? parseIpv6(text.slice(1, -1)) : parseHost(text)

/**
 * `host:port`, `[v6]:port`, or an IPv6 address without brackets whose last colon is the port's (Ruby and old Python
 * write CONNECT so). A missing port is `defaultPort`, and malformed where that is undefined. Userinfo, a zone, and a
 * colon without a port (RFC 9110 section 9.3.6) are malformed too: undefined.
 */
export const parseAuthority = (authority: Uint8Array | string, defaultPort: number | undefined): Target | undefined => {
  if (authority.length > maxAuthority) return undefined
  const text = typeof authority === "string" ? authority : toLatin1(authority)
  const colon = text.lastIndexOf(":")
  const bracketed = text.startsWith("[")
  const hasPort = bracketed ? colon > text.indexOf("]") : colon !== -1
  const hostPart = hasPort ? text.slice(0, colon) : text
  const host = bracketed ? parseBracketed(hostPart) : parseHost(hostPart)
  const port = hasPort ? parsePort(text.slice(colon + 1)) : defaultPort
  return host === undefined || port === undefined ? undefined : { host, port }
}

/** 1 to 65535 in decimal digits, without sign or space; undefined for anything else. */
export const parsePort = (text: string): number | undefined => {
  if (!/^[0-9]{1,5}$/.test(text)) return undefined
  const port = Number(text)
  return port >= 1 && port <= 65535 ? port : undefined
}

/** The name or address alone, without brackets: for resolvers, sockets and logs. */
export const hostText = (host: Host): string => (host._tag === "Name" ? host.name : host.text)

/** The host as a URI or a Host field writes it: IPv6 in brackets. */
export const uriHost = (host: Host): string => (host._tag === "Ipv6" ? `[${host.text}]` : hostText(host))

/** `name:port`, `1.2.3.4:port` or `[v6]:port`. */
export const formatTarget = (target: Target): string => `${uriHost(target.host)}:${target.port}`

/** Lower case, without the trailing dot: names that mean the same host compare equal in this form. */
export const comparableName = (name: string): string => (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase()

const parseBracketed = (text: string): Address | undefined =>
  text.endsWith("]") ? parseIpv6(text.slice(1, -1)) : undefined

const isName = (text: string): boolean => {
  const length = text.endsWith(".") ? text.length - 1 : text.length
  if (length < 1 || length > maxName) return false
  let label = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code !== DOT) {
      if (!isNameByte(code) || ++label > maxLabel) return false
    } else if (label === 0) return false
    else label = 0
  }
  return label > 0
}

/** A letter, a digit, "-" or "_". */
const isNameByte = (code: number): boolean =>
  (code >= LOWER_A && code <= LOWER_Z) || // a-z
  (code >= UPPER_A && code <= UPPER_Z) || // A-Z
  (code >= ZERO && code <= NINE) || // 0-9
  code === HYPHEN ||
  code === UNDERSCORE
