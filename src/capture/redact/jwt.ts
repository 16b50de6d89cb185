/**
 * JWT (RFC 7519): one whose claims are replaced, and which nobody has signed. Its header stays as it is; of the claims
 * `iat`, `exp` and `nbf` stay, so that who looks at times only is content.
 */
import { JsonTokens, Token } from "./json-tokens.ts"

/** What may be known of a JWT without knowing it. */
export type JwtHint = Readonly<Record<string, string | number>>

export interface RedactedJwt {
  readonly token: string
  readonly hint: JwtHint
}

const keptClaims: ReadonlySet<string> = new Set(["iat", "exp", "nbf"])

/** Replaces one value of a claim: the text of a string without its quotes, or of a number. */
type Replace = (value: string) => string

/** Undefined where the text is no JWT: its header and its claims must be whole JSON objects, without encryption. */
export const redactJwt = (jwt: string, replace: Replace): RedactedJwt | undefined => {
  const [header = "", payload = "", signature, ...rest] = jwt.split(".")
  if (signature === undefined || rest.length > 0) return undefined
  const headerText = decode(header)
  const claims = decode(payload)
  const head = objectOf(headerText)
  const body = objectOf(claims)
  if (claims === undefined || head === undefined || body === undefined) return undefined
  return {
    token: `${header}.${encode(redactClaims(claims, replace))}.`,
    hint: { ...only(head, ["alg", "kid"]), ...only(body, ["iat", "exp"]) },
  }
}

const redactClaims = (claims: string, replace: Replace): string => {
  const tokens = new JsonTokens(claims)
  let redacted = ""
  let copied = 0
  let kept = false
  for (let kind = tokens.next(); kind !== Token.end && kind !== Token.broken; kind = tokens.next()) {
    const { start, end, depth } = tokens
    if (kind === Token.key && depth === 1) kept = keptClaims.has(claims.slice(start + 1, end - 1))
    // A number that stays: `"iat": "me"` is no time.
    if (kind === Token.number && !(kept && depth === 1)) {
      redacted += claims.slice(copied, start) + replace(claims.slice(start, end))
      copied = end
    } else if (kind === Token.string) {
      redacted += `${claims.slice(copied, start + 1)}${replace(stringOf(claims.slice(start, end)))}`
      copied = end - 1
    }
  }
  return redacted + claims.slice(copied)
}

const stringOf = (quoted: string): string => String(JSON.parse(quoted))

const only = (object: Readonly<Record<string, unknown>>, names: ReadonlyArray<string>): JwtHint => {
  const hint: Record<string, string | number> = {}
  for (const name of names) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined
    if (typeof value === "string" || typeof value === "number") hint[name] = value
  }
  return hint
}

const objectOf = (text: string | undefined): Readonly<Record<string, unknown>> | undefined => {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value)
    // An object has names that are strings; what they stand for is unknown.
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

/** Base64url without padding (RFC 7515 section 2); undefined where it is none, or no UTF-8. */
const decode = (text: string): string | undefined => {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0))
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const encode = (text: string): string => {
  const bytes = new TextEncoder().encode(text)
  let binary = ""
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}
