/**
 * Trailers: the section behind the last chunk (RFC 9112 section 7.1.2). It is held back until it is whole, then passed
 * on without the fields that must not come late.
 */
import { CR, LF } from "../ascii.ts"
import { concat, empty, toLatin1 } from "../bytes.ts"
import { Inbox } from "../inbox.ts"

import { noTrailers } from "./field-table.ts"
import { Fields } from "./fields.ts"
import { bareLineFeed, findHeadEnd, incomplete } from "./scan.ts"

export interface TrailerLimits {
  readonly maxHeadBytes: number
  readonly maxHeadFields: number
}

const fields = new Fields()

export class Trailers {
  /** Bytes of the input that the last `pass` used. */
  consumed = 0
  /** The fault in the section; once there is one, nothing of the section may be passed on. */
  problem: string | undefined = undefined

  private held: Inbox | undefined = undefined

  /**
   * Takes what belongs to the section from `input[start...]`. Returns the field lines to pass on once it is whole, as a
   * view or empty and without its blank line; until then, and for a section that is malformed, undefined.
   */
  pass(input: Uint8Array, start: number, limits: TrailerLimits): Uint8Array | undefined {
    const received = input.subarray(start)
    const before = this.held === undefined ? 0 : this.held.length
    const section = before === 0 ? received : this.gather(received)
    this.consumed = received.length
    const end = sectionEnd(section, before)
    if (end === bareLineFeed) return this.fail("invalid trailers")
    if ((end === incomplete ? section.length : end) > limits.maxHeadBytes) return this.fail("trailers too large")
    if (end === incomplete) {
      if (before === 0) this.gather(received)
      this.held!.keep()
      return undefined
    }
    this.consumed = end - before
    this.held = undefined
    if (end === 2) return empty
    const problem = fields.parse(section, 0, end - 2, limits.maxHeadFields)
    return problem === undefined ? keptLines(section, end) : this.fail(problem)
  }

  private gather(received: Uint8Array): Uint8Array {
    this.held ??= new Inbox()
    this.held.add(received)
    return this.held.view()
  }

  private fail(problem: string): undefined {
    this.problem = problem
    return undefined
  }
}

/** The offset after the blank line that ends the section; it may be the first line. */
const sectionEnd = (section: Uint8Array, searched: number): number => {
  if (section[0] !== CR) return findHeadEnd(section, searched)
  if (section.length === 1) return incomplete
  return section[1] === LF ? 2 : bareLineFeed
}

const keptLines = (section: Uint8Array, end: number): Uint8Array => {
  let kept: Uint8Array = empty
  for (let field = 0; field < fields.count; field++) {
    const start = fields.nameStart(field)
    if (noTrailers.has(toLatin1(section, start, fields.nameEnd(field)).toLowerCase())) continue
    const lineEnd = field + 1 < fields.count ? fields.nameStart(field + 1) : end - 2
    kept = concat(kept, section.subarray(start, lineEnd))
  }
  return kept
}
