/**
 * Race: connections to the several addresses of one destination, as RFC 8305 section 5 has it.
 *
 * Attempts start one after another, `stagger` apart, and one that fails lets the next start at once. The first to
 * connect wins, and the others are cancelled; one that was overtaken is evicted where descriptors are scarce. A race
 * resolves nothing and has no deadline for the whole: its owner calls `timeOut`.
 */
import type { Address } from "../../protocol/address.ts"
import type { Reason, Refusal } from "../../protocol/refusal.ts"
import { refusal } from "../../protocol/refusal.ts"
import type { Attempt, Connect, AttemptOwner } from "../sockets/attempt.ts"
import { after, cancel, type Deadline, type Expires } from "../common/deadline.ts"
import type { DescriptorBudget } from "../sockets/descriptor-budget.ts"

/** Milliseconds between two starts: the "Connection Attempt Delay" of RFC 8305 section 5, at its recommended value. */
export const stagger = 250

/** Hears how a race ends: once, unless it is cancelled; of a loss perhaps before `start` returns. */
export interface RaceOwner {
  readonly raced: (result: Attempt | Loss) => void
}

/** Why a race was lost, and at which address. */
export interface Loss {
  readonly refusal: Refusal
  readonly address: string
}

export class Race implements AttemptOwner, Expires {
  private readonly addresses: ReadonlyArray<Address>
  private readonly port: number
  private readonly connect: Connect
  private readonly owner: RaceOwner
  private readonly overtaken: DescriptorBudget
  private next = 0
  private readonly running: Array<Attempt> = []
  private delay: Deadline | undefined
  private loss: Loss | undefined

  constructor(
    addresses: ReadonlyArray<Address>,
    port: number,
    connect: Connect,
    owner: RaceOwner,
    overtaken: DescriptorBudget,
  ) {
    this.addresses = addresses.length > 1 ? interleaved(addresses) : addresses
    this.port = port
    this.connect = connect
    this.owner = owner
    this.overtaken = overtaken
  }

  /** Starts the next attempt that does not fail at once. There must be at least one address. */
  start(): void {
    while (this.next < this.addresses.length) {
      const address = this.addresses[this.next++]!
      const attempt = this.connect(address, this.port, this)
      if (typeof attempt !== "string") {
        if (this.next < this.addresses.length) this.delay = after(stagger, this)
        return this.run(attempt)
      }
      this.lost(address, reasonOf(attempt), attempt)
    }
    if (this.running.length === 0 && this.loss !== undefined) this.owner.raced(this.loss)
  }

  /** The last attempt has had its time alone. */
  expire(): void {
    this.start()
  }

  connected(attempt: Attempt): void {
    this.remove(attempt)
    this.cancel()
    this.owner.raced(attempt)
  }

  failed(attempt: Attempt, code: string): void {
    this.remove(attempt)
    this.lost(attempt.address, reasonOf(code), code)
    cancel(this.delay)
    this.start()
  }

  /** Ends the race: attempts that have not answered count as timed out, and the most telling loss is reported. */
  timeOut(): void {
    for (const { address } of this.running) this.lost(address, "connection-timeout", "no answer in time")
    this.cancel()
    if (this.loss !== undefined) this.owner.raced(this.loss)
  }

  /** Gives up every attempt at once; `raced` is not called. */
  cancel(): void {
    cancel(this.delay)
    for (const attempt of this.running) {
      this.overtaken.remove(attempt)
      attempt.cancel()
    }
    this.running.length = 0
  }

  /** Runs an attempt; from now on the attempt before it can be evicted. */
  private run(attempt: Attempt): void {
    const before = this.running.at(-1)
    this.running.push(attempt)
    if (before === undefined) return
    this.overtaken.lend(before, () => this.evict(before))
    this.overtaken.reclaim()
  }

  private evict(attempt: Attempt): void {
    // Every race has a place for one: that which overtook this attempt may have failed since.
    if (this.running.length === 1) return
    this.remove(attempt)
    attempt.cancel()
    this.lost(attempt.address, "connection-timeout", "no answer before its place was needed")
  }

  private remove(attempt: Attempt): void {
    this.overtaken.remove(attempt)
    // Nearly always the only one, and splice makes an array of what it takes out.
    if (this.running.length === 1) this.running.length = 0
    else this.running.splice(this.running.indexOf(attempt), 1)
  }

  private lost(address: Address, reason: Reason, why: string): void {
    if (
      this.loss !== undefined &&
      reasonsByProgress.indexOf(reason) >= reasonsByProgress.indexOf(this.loss.refusal.reason)
    )
      return
    this.loss = { refusal: refusal(reason, `${address.text} port ${this.port}: ${why}`), address: address.text }
  }
}

/**
 * The reasons of a lost race, the most telling first: the one that got farthest. A destination that refuses is there;
 * an unreachable host had its network answer; a timeout means that packets went out; the rest never left this machine,
 * and are often no more than a missing address family. Between equals the first address speaks.
 */
const reasonsByProgress: ReadonlyArray<Reason> = [
  "connection-refused",
  "host-unreachable",
  "connection-timeout",
  "dial-denied",
  "network-unreachable",
  "proxy-error",
]

/** Returns the reason for which a client is refused after an error of connect(2). */
export const reasonOf = (code: string): Reason => {
  switch (code) {
    case "ECONNREFUSED":
    case "ECONNRESET":
      return "connection-refused"
    case "EHOSTUNREACH":
    case "EHOSTDOWN":
      return "host-unreachable"
    // EINVAL is what a route of type blackhole gives (ip-route(8)), EAFNOSUPPORT a kernel without IPv6.
    case "ENETUNREACH":
    case "ENETDOWN":
    case "EINVAL":
    case "EAFNOSUPPORT":
      return "network-unreachable"
    case "ETIMEDOUT":
      return "connection-timeout"
    case "EACCES":
    case "EPERM":
      return "dial-denied"
    // EMFILE, ENFILE, ENOBUFS, ENOSPC, EADDRNOTAVAIL (no free port) and whatever else is this machine's own trouble.
    default:
      return "proxy-error"
  }
}

/**
 * RFC 8305 section 4: the families in turn, beginning with that of the first address; the order within each is kept.
 */
export const interleaved = (addresses: ReadonlyArray<Address>): ReadonlyArray<Address> => {
  const first = addresses.filter((address) => address._tag === addresses[0]?._tag)
  const second = addresses.filter((address) => address._tag !== addresses[0]?._tag)
  return Array.from({ length: Math.max(first.length, second.length) }, (_, i) => [first[i], second[i]])
    .flat()
    .filter((address) => address !== undefined)
}
