/**
 * SOCKS5 (RFC 1928), the server's side, with username and password (RFC 1929) for clients that insist.
 *
 *   greeting  05 N METHODS(N)                 answer  05 METHOD
 *   [login    01 N USER(N) N PASSWORD(N)      answer  01 00]
 *   request   05 CMD RSV ATYP HOST PORT(2)    answer  05 REP 00 01 ADDRESS(4) PORT(2)
 *
 * No authentication is asked for: 00 is chosen whenever it is offered, and a client that offers 02 without it is let in
 * with any credentials, which are skipped and never kept. Empty ones are let in too, although RFC 1929 wants a user
 * name: Java sends an empty password, and nothing here depends on either. Only CONNECT is supported.
 */
import { fromBytes } from "../address.ts"
import { empty, part, toLatin1 } from "../bytes.ts"
import { type Bound, dial, type Handshake, needMore, refuse, reply, type Step } from "../handshake.ts"
import { type Refusal, refusal, refusals } from "../refusal.ts"
import { makeSocks4 } from "./socks4.ts"
import { type Host, parseDomain } from "../target.ts"

const version = 0x05
const loginVersion = 0x01
const socks4Version = 0x04
const commandConnect = 0x01

const methodNone = 0x00
const methodLogin = 0x02

const typeIpv4 = 0x01
const typeName = 0x03
const typeIpv6 = 0x04

const chooseNone = Uint8Array.of(version, methodNone)
const chooseLogin = Uint8Array.of(version, methodLogin)
const refuseMethods = Uint8Array.of(version, 0xff)
const acceptLogin = Uint8Array.of(loginVersion, 0x00)
const refuseLogin = Uint8Array.of(loginVersion, 0x01)

/** What the client's next bytes are, which decides how it is refused. */
type Message = "greeting" | "login" | "request"

/** One handshake. Bytes that follow the request stay in the inbox: they are the tunnel's. */
class Socks5 implements Handshake {
  private next: Message = "greeting"
  private fallback: Handshake | undefined = undefined

  get protocol(): Handshake["protocol"] {
    return this.fallback === undefined ? "socks5" : this.fallback.protocol
  }

  step(input: Uint8Array): Step {
    // Java takes an answer to its greeting that it does not like for an older server's, and starts again with
    // SOCKS4 on the same connection.
    if (this.next !== "greeting" && input[0] === socks4Version) this.fallback ??= makeSocks4()
    if (this.fallback !== undefined) return this.fallback.step(input)
    switch (this.next) {
      case "greeting": {
        const step = readGreeting(input)
        if (step._tag === "Reply") this.next = step.bytes === chooseLogin ? "login" : "request"
        return step
      }
      case "login": {
        const step = readLogin(input)
        if (step._tag === "Reply") this.next = "request"
        return step
      }
      case "request":
        return readRequest(input)
    }
  }

  accepted(bound: Bound): Uint8Array {
    return this.fallback === undefined ? accepted(bound) : this.fallback.accepted(bound)
  }

  refused(why: Refusal): Uint8Array {
    return this.fallback === undefined ? refused(this.next, why) : this.fallback.refused(why)
  }
}

/** One SOCKS5 handshake. Its `protocol` becomes that of SOCKS4 when the client falls back. */
export const makeSocks5 = (): Handshake => new Socks5()

/** RFC 1928 section 3. */
const readGreeting = (input: Uint8Array): Step => {
  if (input.length < 1) return needMore
  if (input[0] !== version) return refuse(refusal("unknown-protocol", `SOCKS version ${input[0]}`))
  if (input.length < 2) return needMore
  const end = 2 + input[1]!
  if (input.length < end) return needMore
  if (offers(input, end, methodNone)) return reply(end, chooseNone)
  if (offers(input, end, methodLogin)) return reply(end, chooseLogin)
  return refuse(refusal("no-acceptable-method", `${input[1]} methods offered`))
}

const offers = (input: Uint8Array, end: number, method: number): boolean => {
  for (let i = 2; i < end; i++) if (input[i] === method) return true
  return false
}

/** RFC 1929 section 2: measured, and skipped. */
const readLogin = (input: Uint8Array): Step => {
  if (input.length < 1) return needMore
  if (input[0] !== loginVersion) return refuse(refusal("authentication-failed", `login version ${input[0]}`))
  if (input.length < 2) return needMore
  const passwordLength = 2 + input[1]!
  if (input.length <= passwordLength) return needMore
  const end = passwordLength + 1 + input[passwordLength]!
  return input.length < end ? needMore : reply(end, acceptLogin)
}

/** RFC 1928 section 4. RSV is ignored. */
const readRequest = (input: Uint8Array): Step => {
  if (input.length < 1) return needMore
  if (input[0] !== version) return malformed(`version ${input[0]} in the request`)
  if (input.length < 2) return needMore
  if (input[1] !== commandConnect) return refuse(refusal("command-not-supported", `SOCKS5 command ${input[1]}`))
  if (input.length < 4) return needMore
  switch (input[3]) {
    case typeIpv4:
      return readAddress(input, 4)
    case typeIpv6:
      return readAddress(input, 16)
    case typeName:
      return readName(input)
    default:
      return refuse(refusal("address-type-not-supported", `SOCKS5 address type ${input[3]}`))
  }
}

const readAddress = (input: Uint8Array, length: 4 | 16): Step => {
  const end = 4 + length
  return input.length < end + 2 ? needMore : dialTo(fromBytes(part(input, 4, end)), input, end)
}

const readName = (input: Uint8Array): Step => {
  if (input.length < 5) return needMore
  const end = 5 + input[4]!
  if (input.length < end + 2) return needMore
  const host = parseDomain(toLatin1(input, 5, end))
  return host === undefined ? malformed("no valid host name") : dialTo(host, input, end)
}

const dialTo = (host: Host, input: Uint8Array, portStart: number): Step => {
  const port = (input[portStart]! << 8) | input[portStart + 1]!
  return port === 0 ? malformed("port 0") : dial(portStart + 2, { host, port })
}

const malformed = (detail: string): Step => refuse(refusal("malformed-handshake", detail))

/** Succeeded. Always the 10 bytes of IPv4, for curl reads 10 at first: an IPv6 bound address is reported as 0.0.0.0:0. */
const accepted = (bound: Bound): Uint8Array => {
  const answer = answerOf(0x00)
  if (bound.address?._tag === "Ipv4") {
    for (let i = 0; i < 4; i++) answer[4 + i] = bound.address.bytes[i]!
    answer[8] = bound.port >> 8
    answer[9] = bound.port & 0xff
  }
  return answer
}

/** The reply to a message; empty for a client that did not speak SOCKS5 at all. */
const refused = (message: Message, { reason }: Refusal): Uint8Array => {
  if (reason === "unknown-protocol") return empty
  switch (message) {
    case "greeting":
      return refuseMethods
    case "login":
      return refuseLogin
    case "request":
      return answerOf(refusals[reason].socks5)
  }
}

const answerOf = (code: number): Uint8Array => {
  const answer = new Uint8Array(10)
  answer[0] = version
  answer[1] = code
  answer[3] = typeIpv4
  return answer
}
