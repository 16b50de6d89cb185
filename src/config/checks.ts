/**
 * Checks: what must hold between options, each of which is valid alone. Pure; the first thing that is wrong is
 * returned as a ConfigError, what is only doubtful as a warning.
 */
import { type Address, isLoopback } from "../protocol/address.ts"
import { formatTarget } from "../protocol/target.ts"
import { addressesOf, everywhere, isUnspecified, loopback } from "./addresses.ts"
import { type ConfigError, oneOf, quote, valueError } from "./error.ts"
import type { Limits } from "./option.ts"
import { options } from "./options.ts"
import { outboundIsLoopback, plan, protocols } from "./plan.ts"
import type { ProxyProtocol, ProxyType, Settings } from "./settings.ts"

/** Names an option with its value and its origin: `proxy-type "forward" (flag --proxy-type)`. */
export type Describe = (key: keyof Settings) => string

/** The first combination that cannot work, or undefined. */
export const findConflict = (settings: Settings, limits: Limits, describe: Describe): ConfigError | undefined =>
  protocolConflict(settings, describe) ?? portConflict(settings, describe) ?? ownWorkload(settings, limits, describe)

/** Warnings: settings that will work, but probably not as meant. */
export const doubts = (settings: Settings, describe: Describe): ReadonlyArray<string> => {
  const found: Array<string> = []
  if (settings.drainDelay > settings.drainTimeout) {
    found.push(
      `${describe("drainDelay")} is longer than ${describe("drainTimeout")}: the drain ends with the shorter one`,
    )
  }
  const outbound = plan(settings).some(({ direction }) => direction === "outbound")
  if (outbound && !outboundIsLoopback(settings)) {
    found.push(
      `${describe("proxyOutBind")} is not loopback: whoever reaches it may connect from this machine; nobody is asked to log in`,
    )
  }
  if (settings.captureRedact === "off") {
    found.push(
      `${describe("captureRedact")} replaces no secret: whoever sees a record sees passwords, tokens and cookies`,
    )
  }
  if (settings.captureBody > settings.captureMemory) {
    found.push(
      `${describe("captureBody")} is more than ${describe("captureMemory")}: longer bodies are cut or left out`,
    )
  }
  return found
}

const protocolConflict = (settings: Settings, describe: Describe): ConfigError | undefined => {
  const { proxyType, proxyProtocol } = settings
  const { allowedWith } = protocols[proxyProtocol]
  if (allowedWith.includes(proxyType)) return undefined
  return valueError(
    `${describe("proxyProtocol")} does not go with ${describe("proxyType")}: ` +
      `write proxy-protocol ${oneOf(protocolsInstead(proxyType, proxyProtocol))}, or proxy-type ${oneOf(allowedWith)}`,
  )
}

/** The allowed protocols of a type that come nearest to what was asked for: those that share a listener's protocol. */
const protocolsInstead = (proxyType: ProxyType, asked: ProxyProtocol): ReadonlyArray<ProxyProtocol> => {
  const allowed = (Object.keys(protocols) as ReadonlyArray<ProxyProtocol>).filter((protocol) =>
    protocols[protocol].allowedWith.includes(proxyType),
  )
  const near = allowed.filter((protocol) =>
    proxyType === "forward"
      ? protocols[protocol].outbound === protocols[asked].outbound
      : protocols[protocol].inbound === protocols[asked].inbound,
  )
  return near.length > 0 ? near : allowed
}

interface OwnListener {
  readonly key: "proxyInPort" | "proxyOutPort" | "healthPort" | "adminPort"
  readonly addresses: ReadonlyArray<Address>
}

/** Everything that will listen, as far as it is known before it does. */
const ownListeners = (settings: Settings): ReadonlyArray<OwnListener> => [
  ...plan(settings).map(({ direction, bind }): OwnListener =>
    direction === "inbound"
      ? { key: "proxyInPort", addresses: bind.length === 0 ? everywhere : bind }
      : { key: "proxyOutPort", addresses: bind.length === 0 ? loopback : bind },
  ),
  { key: "healthPort", addresses: everywhere },
  { key: "adminPort", addresses: loopback },
]

const portConflict = (settings: Settings, describe: Describe): ConfigError | undefined => {
  const taken = new Map<number, OwnListener>()
  for (const listener of ownListeners(settings)) {
    const port = settings[listener.key]
    const other = taken.get(port)
    if (other !== undefined) {
      return valueError(
        `${describe(listener.key)} is the port of ${describe(other.key)} too: ` +
          `write another port for ${options[listener.key].name} or ${options[other.key].name}`,
      )
    }
    if (port !== 0) taken.set(port, listener)
  }
  return undefined
}

/** A workload that is one of the proxy's own listeners would be an endless loop, or never the workload. */
const ownWorkload = (settings: Settings, limits: Limits, describe: Describe): ConfigError | undefined => {
  if (settings.proxyType === "forward") return undefined
  const { proxyHost, proxyPort } = settings
  const own = ownListeners(settings).find(
    ({ key, addresses }) =>
      settings[key] === proxyPort &&
      addressesOf(proxyHost).some((address) => addresses.some((bound) => isListenedOn(address, bound, limits))),
  )
  if (own === undefined) return undefined
  return valueError(
    `${describe("proxyPort")} makes the workload ${quote(formatTarget({ host: proxyHost, port: proxyPort }))} this proxy's own ` +
      `listener, ${describe(own.key)}: write the port on which the workload listens, or another ${options[own.key].name}`,
  )
}

const isListenedOn = (address: Address, bound: Address, limits: Limits): boolean => {
  if (address.text === bound.text) return true
  // `::` takes IPv4 connections too.
  if (!isUnspecified(bound) || (bound._tag === "Ipv4" && address._tag === "Ipv6")) return false
  return isLoopback(address) || limits.ownAddresses.some((own) => own.text === address.text)
}
