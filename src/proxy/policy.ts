/**
 * Policy: the lists and networks by which destination.ts judges where a client may go.
 *
 * In this order, and the first that applies decides:
 * 1. One of our own listeners is never dialled, however it is spelled (`loop-detected`).
 * 2. An entry of deny-destinations denies (`destination-denied`).
 * 3. An entry of allow-destinations permits.
 * 4. While an outbound listener is bound off loopback, so that others than the workload may use it, destinations that
 *    only make sense from this machine are denied: link-local, metadata services, multicast, "this host".
 * 5. Everything else is permitted. So allow-destinations lifts the denials of 4 and is no exclusive list, and there is
 *    no way to allow what deny-destinations names: of two that disagree, the strict one holds.
 *
 * A name in a list is compared with the name that the client used, a block with every address that is about to be
 * dialled, and also with the IPv4 address that an IPv6 address leads to (NAT64, 6to4). While both lists are empty,
 * permitting allocates nothing.
 */
import type { DestinationRule, Settings } from "../config/settings.ts"
import { type Address, addressLiteral, embeddedIpv4, inNetwork, isLoopback } from "../protocol/address.ts"
import { refusal, type Refusal } from "../protocol/refusal.ts"
import { comparableName, type Host } from "../protocol/target.ts"

export interface PolicyParts {
  readonly settings: () => Pick<Settings, "proxyOutBind" | "allowDestinations" | "denyDestinations">
  /** Every address and port that this process listens on, health and admin included, as they are bound. */
  readonly listening: () => ReadonlyArray<{ readonly address: Address; readonly port: number }>
  /** Texts of the addresses of this machine's interfaces. */
  readonly localAddresses: () => ReadonlySet<string>
}

export interface Policy {
  /** Judges by rule 1 alone: what holds wherever the connection was meant to go. */
  readonly permitListener: (address: Address, port: number) => Refusal | undefined
  /** Judges the name of a host before it is resolved; an address is judged by `permitAddress` alone. */
  readonly permitHost: (host: Host) => Refusal | undefined
  /** Judges an address that is about to be dialled, by all rules. `host` is what the client asked for. */
  readonly permitAddress: (address: Address, port: number, host?: Host) => Refusal | undefined
}

export const makePolicy = ({ settings, listening, localAddresses }: PolicyParts): Policy => {
  const isOurs = (address: Address, port: number): boolean => {
    for (const listener of listening()) {
      if (listener.port === port && reaches(listener.address, address, localAddresses)) return true
    }
    return false
  }

  const permitListener: Policy["permitListener"] = (address, port) =>
    isOurs(address, port)
      ? refusal("loop-detected", `${address.text} port ${port} is a listener of pillion`)
      : undefined

  return {
    permitListener,

    permitHost(host) {
      if (host._tag !== "Name") return undefined
      const { denyDestinations } = settings()
      if (denyDestinations.length === 0 || !namesHost(denyDestinations, host)) return undefined
      return refusal("destination-denied", `${host.name} is named by deny-destinations`)
    },

    permitAddress(address, port, host) {
      const loop = permitListener(address, port)
      if (loop !== undefined) return loop
      const { allowDestinations, denyDestinations, proxyOutBind } = settings()
      if (denyDestinations.length > 0 && holdsAddress(denyDestinations, address)) {
        return refusal("destination-denied", `${address.text} is in deny-destinations`)
      }
      if (proxyOutBind.every(isLoopback) || !isLocalMatter(address)) return undefined
      if (holdsAddress(allowDestinations, address) || namesHost(allowDestinations, host)) return undefined
      return refusal(
        "destination-denied",
        `${address.text} is link-local, multicast or a metadata service: not for clients of other machines unless allow-destinations has it`,
      )
    },
  }
}

/** Whether a connection to `address` arrives at a listener that is bound to `bound`, both with the same port. */
const reaches = (bound: Address, address: Address, localAddresses: () => ReadonlySet<string>): boolean => {
  // Linux connects the unspecified address to loopback.
  const text = address.text === "0.0.0.0" ? "127.0.0.1" : address.text === "::" ? "::1" : address.text
  if (bound.text === text) return true
  // `::` takes both families, `0.0.0.0` its own only.
  const everyAddress = bound.text === "::" || (bound.text === "0.0.0.0" && address._tag === "Ipv4")
  return everyAddress && (text === "::1" || isLoopback(address) || localAddresses().has(text))
}

const holdsAddress = (rules: ReadonlyArray<DestinationRule>, address: Address): boolean => {
  if (rules.length === 0) return false
  const embedded = embeddedIpv4(address)
  return rules.some(
    (rule) =>
      rule._tag === "Block" &&
      (inNetwork(address, rule.network, rule.prefix) ||
        (embedded !== undefined && inNetwork(embedded, rule.network, rule.prefix))),
  )
}

const namesHost = (rules: ReadonlyArray<DestinationRule>, host: Host | undefined): boolean => {
  if (host?._tag !== "Name") return false
  const name = comparableName(host.name)
  return rules.some((rule) => rule._tag === "Name" && (rule.name === name || isBelow(name, rule.name)))
}

/** `.example.com` is every name below example.com, and not example.com itself. */
const isBelow = (name: string, rule: string): boolean => rule.startsWith(".") && name.endsWith(rule)

const block = (text: string, prefix: number) => ({ network: addressLiteral(text), prefix })

/** Destinations that mean something else to this machine than to whoever asks it to connect there. */
const localMatters: ReadonlyArray<{ readonly network: Address; readonly prefix: number }> = [
  block("0.0.0.0", 8), // "this host on this network", RFC 1122 section 3.2.1.3
  block("::", 128),
  block("169.254.0.0", 16), // link-local, RFC 3927: the metadata service of AWS, Azure, Google Cloud and others
  block("fe80::", 10), // link-local, RFC 4291 section 2.5.6
  block("fd00:ec2::254", 128), // the metadata service of AWS
  block("fd20:ce::254", 128), // the metadata service of Google Cloud
  block("100.100.100.200", 32), // the metadata service of Alibaba Cloud
  block("224.0.0.0", 4), // multicast
  block("ff00::", 8), // multicast
  block("255.255.255.255", 32), // broadcast
]

const isLocalMatter = (address: Address): boolean => {
  for (const { network, prefix } of localMatters) if (inNetwork(address, network, prefix)) return true
  const embedded = embeddedIpv4(address)
  return embedded !== undefined && isLocalMatter(embedded)
}
