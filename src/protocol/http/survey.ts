/**
 * Survey: what a proxy must know of a header section, gathered in one pass over its fields.
 *
 * Everything that decides where a message ends is judged here, by RFC 9112 section 6 in its strictest reading: two
 * recipients that frame one message differently are how requests are smuggled.
 */
import { COMMA, ZERO, LOWER_CASE } from "../ascii.ts"
import { toLatin1 } from "../bytes.ts"

import { Field, neverListed } from "./field-table.ts"
import { eachElement, equalsIgnoreCase, type Fields, isTokenByte } from "./fields.ts"

/** A body's framing as one number: its length in bytes, or one of the two that have none. */
export const chunked = -1
/** The body ends with the connection (responses only, RFC 9112 section 6.3). */
export const untilClose = -2

/** Connection options one message may have; real ones have two or three, and each unknown one costs a search. */
const maxConnectionOptions = 64

export interface Survey {
  hosts: number
  hostStart: number
  hostEnd: number
  /** The only Content-Length, or undefined without one; and whether it was written with zeros before it. */
  contentLength: number | undefined
  contentLengthPadded: boolean
  transferCoding: "none" | "chunked" | "unknown"
  close: boolean
  /** A Connection field has the option `upgrade`. */
  upgradeOption: boolean
  /** An Upgrade field that offers something else than h2c. */
  upgradeOffered: boolean
  expects: "nothing" | "100-continue" | "unknown"
  /** The index of the first Expect field that holds an expectation. */
  expectField: number
  maxForwards: number | undefined
  /** Max-Forwards stands there twice: one recipient would count by the first, another by the second. */
  maxForwardsTwice: boolean
  /** The pseudonym that was looked for stands in a Via field. */
  passedHere: boolean
  /** Lower case names of end-to-end looking fields that Connection made hop-by-hop. */
  listed: ReadonlyArray<string>
  /** A field speaks of an authentication that holds for the connection and all that follows on it: NTLM or Negotiate. */
  bindsConnection: boolean
  /** The User-Agent is that of a health check. */
  healthCheck: boolean
  /** The value of the only traceparent; empty where there is none, or more than one. */
  traceparentStart: number
  traceparentEnd: number
}

export type SurveyProblem = "invalid Content-Length" | "invalid Transfer-Encoding" | "too many connection options"

const none: ReadonlyArray<string> = []

const nothingFound = (): Survey => ({
  hosts: 0,
  hostStart: 0,
  hostEnd: 0,
  contentLength: undefined,
  contentLengthPadded: false,
  transferCoding: "none",
  close: false,
  upgradeOption: false,
  upgradeOffered: false,
  expects: "nothing",
  expectField: -1,
  maxForwards: undefined,
  maxForwardsTwice: false,
  passedHere: false,
  listed: none,
  bindsConnection: false,
  healthCheck: false,
  traceparentStart: 0,
  traceparentEnd: 0,
})

/** Notes a Content-Length or a Transfer-Encoding; both are refused where two recipients could read them differently. */
const framing = (
  bytes: Uint8Array,
  start: number,
  end: number,
  id: typeof Field.contentLength | typeof Field.transferEncoding,
  found: Survey,
): SurveyProblem | undefined => {
  if (id === Field.contentLength) {
    // A second Content-Length is refused even when both agree: some recipients would add a list, some take one.
    const length = found.contentLength === undefined ? decimal(bytes, start, end) : undefined
    if (length === undefined) return "invalid Content-Length"
    found.contentLength = length
    found.contentLengthPadded = end - start > 1 && bytes[start] === ZERO
    return undefined
  }
  if (found.transferCoding !== "none" || start === end) return "invalid Transfer-Encoding"
  found.transferCoding = transferCoding(bytes, start, end)
  return found.transferCoding === "none" ? "invalid Transfer-Encoding" : undefined
}

const noteHost = (start: number, end: number, found: Survey): void => {
  found.hosts++
  found.hostStart = start
  found.hostEnd = end
}

/** Of several nobody can tell which is meant: their span is empty. */
const noteTraceparent = (start: number, end: number, found: Survey): void => {
  const before = found.traceparentEnd
  found.traceparentStart = before > 0 ? before : start
  found.traceparentEnd = before > 0 ? before : end
}

/** Gathers the survey of `fields`, or says what makes the message's framing ambiguous. */
export const survey = (bytes: Uint8Array, fields: Fields, pseudonym: string): Survey | SurveyProblem => {
  const found = nothingFound()
  let options = 0
  let hops = 0
  for (let field = 0; field < fields.count; field++) {
    const id = fields.id(field)
    if (id === Field.other) continue
    const start = fields.valueStart(field)
    const end = fields.valueEnd(field)
    switch (id) {
      case Field.host:
        noteHost(start, end, found)
        break
      case Field.contentLength:
      case Field.transferEncoding: {
        const problem = framing(bytes, start, end, id, found)
        if (problem !== undefined) return problem
        break
      }
      case Field.connection:
      case Field.proxyConnection:
        options = connectionOptions(bytes, start, end, found, options)
        if (options > maxConnectionOptions) return "too many connection options"
        break
      case Field.upgrade:
        if (!isH2cOnly(bytes, start, end)) found.upgradeOffered = true
        break
      case Field.expect:
        expectations(bytes, start, end, found)
        if (found.expectField < 0 && found.expects !== "nothing") found.expectField = field
        break
      case Field.maxForwards:
        // No list (RFC 9110 section 7.6.2).
        found.maxForwardsTwice = hops++ > 0
        found.maxForwards = decimal(bytes, start, end)
        break
      case Field.via:
        if (toLatin1(bytes, start, end).includes(pseudonym)) found.passedHere = true
        break
      case Field.authorization:
      case Field.wwwAuthenticate:
        if (bindsConnection(bytes, start, end)) found.bindsConnection = true
        break
      case Field.userAgent:
        found.healthCheck = isHealthCheck(bytes, start, end)
        break
      case Field.traceparent:
        noteTraceparent(start, end, found)
        break
      case Field.keepAlive:
      case Field.te:
      case Field.http2Settings:
      case Field.proxyAuthorization:
      case Field.proxyAuthenticationInfo:
        break
    }
  }
  return found
}

/**
 * What the User-Agent of a health check begins with, in lower case. Only names that nobody else bears stand here: the
 * default name of an HTTP library is no sign of a check.
 */
const healthChecks = [
  // Kubernetes: kubelet, and Istio's agent, which passes its name on.
  "kube-probe/",
  // Load balancers of Google Cloud, AWS and Azure.
  "googlehc/",
  "elb-healthchecker/",
  "load balancer agent",
  "edge health probe",
  // AWS Route 53; Consul; Envoy.
  "amazon-route53-health-check-service",
  "consul health check",
  "envoy/hc",
  // Knative's queue proxy, activator and ingress.
  "knative-queue-proxy-probe",
  "knative-activator-probe",
  "knative-ingress-probe",
]

/** Those names by their first letter, in lower case: most other User-Agents begin with none of them, or differ soon. */
const byFirstLetter: ReadonlyArray<ReadonlyArray<string> | undefined> = Array.from({ length: 256 }, (_, letter) => {
  const names = healthChecks.filter((name) => name.charCodeAt(0) === letter)
  return names.length === 0 ? undefined : names
})

/** Whether the User-Agent in `bytes[start, end)` is that of a health check. */
export const isHealthCheck = (bytes: Uint8Array, start: number, end: number): boolean => {
  const names = start === end ? undefined : byFirstLetter[bytes[start]! | LOWER_CASE]
  if (names === undefined) return false
  for (const name of names) {
    if (end - start >= name.length && equalsIgnoreCase(bytes, start, start + name.length, name)) return true
  }
  return false
}

/**
 * `1*DIGIT` up to 2^53 - 1 (RFC 9110 section 8.6), whatever zeros stand before it; anything else, a sign or a list too,
 * is undefined.
 */
export const decimal = (bytes: Uint8Array, from: number, end: number): number | undefined => {
  if (from === end) return undefined
  let start = from
  while (start < end && bytes[start] === ZERO) start++
  if (end - start > 16) return undefined
  let value = 0
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - ZERO
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined
}

/**
 * Notes the expectations of one field, which may be none (RFC 9110 section 10.1.1). Fields may repeat: one that is
 * unknown is not undone by a known one.
 */
const expectations = (bytes: Uint8Array, start: number, end: number, found: Survey): void =>
  eachElement(bytes, start, end, (from, to) => {
    if (!equalsIgnoreCase(bytes, from, to, "100-continue")) found.expects = "unknown"
    else if (found.expects === "nothing") found.expects = "100-continue"
    return found.expects !== "unknown"
  })

/** "chunked" for exactly that; "unknown" for codings this proxy cannot decode; "none" for what is not a valid list. */
const transferCoding = (bytes: Uint8Array, start: number, end: number): "none" | "chunked" | "unknown" => {
  if (equalsIgnoreCase(bytes, start, end, "chunked")) return "chunked"
  let valid = bytes[start] !== COMMA && bytes[end - 1] !== COMMA
  let chunkedAt = 0
  let elements = 0
  eachElement(bytes, start, end, (from, to) => {
    elements++
    if (equalsIgnoreCase(bytes, from, Math.min(to, from + 7), "chunked")) {
      // Chunked twice, with parameters, or with a space hidden in it: no sender means that.
      if (chunkedAt !== 0 || to - from !== 7) valid = false
      chunkedAt = elements
    }
    return valid
  })
  // Chunked must come last, or the message has no end (RFC 9112 section 6.1).
  return valid && (chunkedAt === 0 || chunkedAt === elements) ? "unknown" : "none"
}

/** Notes the options of one Connection field; returns how many there are so far. */
const connectionOptions = (bytes: Uint8Array, start: number, end: number, found: Survey, before: number): number => {
  let options = before
  eachElement(bytes, start, end, (from, to) => {
    options++
    if (equalsIgnoreCase(bytes, from, to, "close")) found.close = true
    else if (equalsIgnoreCase(bytes, from, to, "upgrade")) found.upgradeOption = true
    else if (!equalsIgnoreCase(bytes, from, to, "keep-alive") && !equalsIgnoreCase(bytes, from, to, "te")) {
      const name = toLatin1(bytes, from, to).toLowerCase()
      if (!neverListed.has(name)) found.listed = [...found.listed, name]
    }
    return options <= maxConnectionOptions
  })
  return options
}

/** Whether one of the challenges, or the credentials, are of a scheme that authenticates a connection (RFC 4559). */
const bindsConnection = (bytes: Uint8Array, start: number, end: number): boolean => {
  let binds = false
  eachElement(bytes, start, end, (from, to) => {
    let schemeEnd = from
    while (schemeEnd < to && isTokenByte(bytes[schemeEnd]!)) schemeEnd++
    binds = equalsIgnoreCase(bytes, from, schemeEnd, "negotiate") || equalsIgnoreCase(bytes, from, schemeEnd, "ntlm")
    return !binds
  })
  return binds
}

/** Whether an Upgrade field offers nothing but cleartext HTTP/2, which a proxy must not pass on (RFC 9113 section 3.1). */
const isH2cOnly = (bytes: Uint8Array, start: number, end: number): boolean => {
  let only = true
  eachElement(bytes, start, end, (from, to) => {
    only = equalsIgnoreCase(bytes, from, to, "h2c")
    return only
  })
  return only
}
