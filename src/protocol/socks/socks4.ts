/**
 * SOCKS4 and SOCKS4a, the server's side: one request, one answer.
 *
 *   request  04 CD PORT(2) ADDRESS(4) USERID 00 [HOST 00]      answer  00 CODE PORT(2) ADDRESS(4)
 *
 * SOCKS4a sends the address 0.0.0.x, x not 0, and a host name after the user id. The user id is no authentication: it
 * is skipped and never kept. Ident is never asked.
 */
import { fromBytes } from "../address.ts"
import { empty, part, toLatin1 } from "../bytes.ts"
import { type Bound, dial, type Handshake, needMore, refuse, type Step } from "../handshake.ts"
import { type Refusal, refusal, refusals } from "../refusal.ts"
import { parseDomain } from "../target.ts"

const version = 0x04
const commandConnect = 0x01
const granted = 0x5a

/** Version, command, port and address: what stands before the user id. */
const fixedLength = 8
/** The memos set no limit; SOCKS5 gives each of its strings one length byte, and no real client sends more. */
const maxString = 255

/** One handshake. Bytes that follow the request stay in the inbox: they are the tunnel's. */
class Socks4 implements Handshake {
  private named = false

  get protocol(): Handshake["protocol"] {
    return this.named ? "socks4a" : "socks4"
  }

  step(input: Uint8Array): Step {
    const step = readFixed(input)
    if (step !== undefined) return step
    this.named = isNamed(input)
    return readStrings(input, this.named)
  }

  accepted(bound: Bound): Uint8Array {
    return accepted(bound)
  }

  refused(why: Refusal): Uint8Array {
    return refused(why)
  }
}

/** One SOCKS4 handshake. Its `protocol` becomes that of SOCKS4a when the request names a host. */
export const makeSocks4 = (): Handshake => new Socks4()

/** Judges what stands before the user id; undefined when there is nothing to object to. */
const readFixed = (input: Uint8Array): Step | undefined => {
  if (input.length < 1) return needMore
  if (input[0] !== version) return refuse(refusal("unknown-protocol", `SOCKS version ${input[0]}`))
  if (input.length < 2) return needMore
  if (input[1] !== commandConnect) return refuse(refusal("command-not-supported", `SOCKS4 command ${input[1]}`))
  if (input.length < fixedLength) return needMore
  if (portOf(input) === 0) return malformed("port 0")
  return isUnspecified(input) ? malformed("address 0.0.0.0") : undefined
}

const readStrings = (input: Uint8Array, named: boolean): Step => {
  const userEnd = stringEnd(input, fixedLength)
  if (userEnd === unfinished) return needMore
  if (userEnd === tooLong) return malformed(`a user id longer than ${maxString} bytes`)
  if (!named) return dial(userEnd + 1, { host: fromBytes(part(input, 4, 8)), port: portOf(input) })

  const nameEnd = stringEnd(input, userEnd + 1)
  if (nameEnd === unfinished) return needMore
  if (nameEnd === tooLong) return malformed(`a host name longer than ${maxString} bytes`)
  const host = parseDomain(toLatin1(input, userEnd + 1, nameEnd))
  return host === undefined ? malformed("no valid host name") : dial(nameEnd + 1, { host, port: portOf(input) })
}

/** Grants, with the bound address where that is IPv4. The version byte of an answer is 0, and clients insist on it. */
const accepted = (bound: Bound): Uint8Array => {
  const answer = new Uint8Array(8)
  answer[1] = granted
  if (bound.address?._tag === "Ipv4") {
    answer[2] = bound.port >> 8
    answer[3] = bound.port & 0xff
    answer.set(bound.address.bytes, 4)
  }
  return answer
}

/** Rejects, for any reason: SOCKS4 has no other code. Empty for a client that did not speak SOCKS4 at all. */
const refused = ({ reason }: Refusal): Uint8Array =>
  reason === "unknown-protocol" ? empty : Uint8Array.of(0, refusals[reason].socks4, 0, 0, 0, 0, 0, 0)

const malformed = (detail: string): Step => refuse(refusal("malformed-handshake", detail))

const unfinished = -1
const tooLong = -2

/** Finds the NUL that ends a string. Looks at 256 bytes at most, however many were received. */
const stringEnd = (input: Uint8Array, start: number): number => {
  const limit = start + maxString + 1
  for (let i = start; i < limit; i++) {
    if (i >= input.length) return unfinished
    if (input[i] === 0) return i
  }
  return tooLong
}

const portOf = (input: Uint8Array): number => (input[2]! << 8) | input[3]!

/** Whether an address is 0.0.0.x, behind which a name follows. */
const isNamed = (input: Uint8Array): boolean => input[4] === 0 && input[5] === 0 && input[6] === 0

const isUnspecified = (input: Uint8Array): boolean => isNamed(input) && input[7] === 0
