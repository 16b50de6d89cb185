/**
 * Beginnings: the fields that the lines of one connection's requests have in common, as they were written before.
 *
 * They are half of a line, and copying them takes a fifth of writing them anew. Bounded by count and by size: those of
 * another connection take their place.
 */
import type { Flow } from "../../flow/flow.ts"
import type { Line } from "../output/line.ts"

/** Beginnings that are remembered; a power of two. */
export const places = 256
/** Bytes of one: those of usual names and addresses are half as long. A longer one is written anew for each line. */
export const maxBytes = 512

interface Beginning {
  readonly flow: number
  readonly direction: Flow["direction"]
  readonly clientHost: string
  readonly clientPort: number
  readonly protocol: Flow["protocol"]
  readonly target: string | undefined
  readonly address: string | undefined
  /** Kept when the same comes for the second time: many connections have one request, or another target for each. */
  bytes: Uint8Array | undefined
}

export class Beginnings {
  private readonly table: Array<Beginning | undefined> = Array.from({ length: places })

  /** Appends the fields of `flow`, `target` and `address` to a line: those that `write` appended for the same before. */
  append(
    line: Line,
    flow: Flow,
    target: string | undefined,
    address: string | undefined,
    write: (line: Line, flow: Flow, target: string | undefined, address: string | undefined) => void,
  ): void {
    const place = flow.id & (places - 1)
    const known = this.table[place]
    if (known === undefined || !isOf(known, flow, target, address)) {
      this.table[place] = beginningOf(flow, target, address)
      return write(line, flow, target, address)
    }
    if (known.bytes !== undefined) return line.append(known.bytes)
    const start = line.length
    write(line, flow, target, address)
    if (line.length - start <= maxBytes) known.bytes = Uint8Array.from(line.bytes.subarray(start, line.length))
  }
}

const isOf = (known: Beginning, flow: Flow, target: string | undefined, address: string | undefined): boolean =>
  known.flow === flow.id &&
  known.clientPort === flow.clientPort &&
  known.clientHost === flow.clientHost &&
  known.direction === flow.direction &&
  known.protocol === flow.protocol &&
  known.target === target &&
  known.address === address

const beginningOf = (flow: Flow, target: string | undefined, address: string | undefined): Beginning => ({
  flow: flow.id,
  direction: flow.direction,
  clientHost: flow.clientHost,
  clientPort: flow.clientPort,
  protocol: flow.protocol,
  target,
  address,
  bytes: undefined,
})
