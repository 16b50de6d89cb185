/**
 * Toy protocol: one that this proxy does not speak, added by a row of the protocol table and nothing else.
 *
 *     client: ?                      offers to speak it
 *     proxy:  !
 *     client: host:port and LF       says where to
 *     proxy:  +port and LF           connected from that port; or -reason and LF
 */
import { LF } from "../../src/protocol/ascii.ts"
import { fromLatin1, toLatin1 } from "../../src/protocol/bytes.ts"
import { type ProtocolRow, protocols, type ProtocolTable } from "../../src/protocol/detect/protocols.ts"
import { dial, type Handshake, needMore, refuse, reply } from "../../src/protocol/handshake.ts"
import { type Refusal, refusal } from "../../src/protocol/refusal.ts"
import { parseAuthority } from "../../src/protocol/target.ts"

const refused = ({ reason }: Refusal): Uint8Array => fromLatin1(`-${reason}\n`)

const makeToy = (): Handshake => {
  let greeted = false
  return {
    // Names are what metrics and logs are built on; this one is in no table of theirs.
    protocol: "unknown",
    step: (input) => {
      if (!greeted) {
        greeted = true
        return reply(1, fromLatin1("!"))
      }
      const end = input.indexOf(LF)
      if (end === -1) return needMore
      const target = parseAuthority(toLatin1(input, 0, end), undefined)
      return target === undefined ? refuse(refusal("malformed-handshake", "no host:port")) : dial(end + 1, target)
    },
    accepted: ({ port }) => fromLatin1(`+${port}\n`),
    refused,
  }
}

const row: ProtocolRow = {
  name: "unknown",
  firstByte: 0x3f,
  isAllowed: ({ socks }) => socks,
  recognise: () => ({ _tag: "Recognised", form: "Toy", make: makeToy }),
  refused,
}

/** Before HTTP, to which any text is a request. */
export const withToy: ProtocolTable = [row, ...protocols]
