/**
 * Addresses: the kinds of options that name hosts, addresses and networks. Nothing here resolves a name.
 */
import * as Result from "effect/Result"
import { type Address, addressLiteral, fromBytes, parseAddress } from "../protocol/address.ts"
import {
  comparableName,
  formatTarget,
  type Host,
  hostText,
  parseAuthority,
  parseHost,
  uriHost,
} from "../protocol/target.ts"
import { quote } from "./error.ts"
import type { Kind, Problem } from "./kind.ts"
import type { DestinationRule, ResolveRule } from "./settings.ts"

type Decoded<A> = Result.Result<A, Problem>

const withoutBrackets = (text: string): string => /^\[(.*)\]$/.exec(text)?.[1] ?? text

/**
 * The workload's host: a name or an address. The documented REVERSE_PROXY_HOST is also found with a URL in it:
 * `http://host` is that host; `https://` asks for TLS to the workload, which is not spoken; a port or a path has no
 * place here, and leaving it out silently would send the traffic elsewhere.
 */
export const host: Kind<Host> = {
  placeholder: "HOST",
  shape: "one",
  decode: (text) => {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
    if (scheme === "https") {
      return Result.fail(
        "asks for TLS, which Pillion does not speak to the workload: write the host alone, and its plain port in proxy-port",
      )
    }
    if (scheme !== undefined && scheme !== "http") return Result.fail("is a URL: write the host alone")
    const alone = scheme === undefined ? text : text.slice("http://".length).replace(/\/$/, "")
    const decoded = parseHost(withoutBrackets(alone))
    if (decoded !== undefined) return Result.succeed(decoded)
    const target = parseAuthority(alone, undefined)
    return Result.fail(
      target === undefined
        ? "is no host: write a name or an address alone"
        : `holds a port: write ${quote(hostText(target.host))}, and ${target.port} in proxy-port`,
    )
  },
  show: hostText,
}

/** An address to listen on, with or without brackets. */
export const bindAddress: Kind<Address> = {
  placeholder: "ADDRESS",
  shape: "one",
  decode: (text) => {
    const address = parseAddress(withoutBrackets(text))
    if (address !== undefined) return Result.succeed(address)
    if (text === "*") return Result.fail("is no address: write :: for every address")
    if (comparableName(text) === "localhost") return Result.fail("is no address: write 127.0.0.1,::1 for loopback")
    return Result.fail("is no address: write one without a port, for example 127.0.0.1 or ::1")
  },
  show: (address) => address.text,
}

/** `host:port=address:port`; an IPv6 address stands in brackets. */
export const resolveRule: Kind<ResolveRule> = {
  placeholder: "HOST:PORT=ADDRESS:PORT",
  shape: "one",
  decode: (text) => {
    const [from, to, ...more] = text.split("=")
    const source = parseAuthority((from ?? "").trim(), undefined)
    const target = parseAuthority((to ?? "").trim(), undefined)
    if (source === undefined || target === undefined || more.length > 0) {
      return Result.fail("is no rule: write host:port=address:port, for example db.local:5432=127.0.0.1:5432")
    }
    if (source.host._tag !== "Name") return Result.fail("has an address where a name is needed, on the left of =")
    if (target.host._tag === "Name") return Result.fail("has a name where an address is needed, on the right of =")
    return Result.succeed({
      host: comparableName(source.host.name),
      port: source.port,
      address: target.host,
      toPort: target.port,
    })
  },
  show: (rule) => `${rule.host}:${rule.port}=${formatTarget({ host: rule.address, port: rule.toPort })}`,
}

/** `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`, `example.com`, `.example.com`. */
export const destinationRule: Kind<DestinationRule> = {
  placeholder: "DESTINATION",
  shape: "one",
  decode: (text) => {
    const slash = text.indexOf("/")
    if (slash !== -1) return decodeBlock(text.slice(0, slash), text.slice(slash + 1))
    const address = parseAddress(withoutBrackets(text))
    if (address !== undefined) return Result.succeed({ _tag: "Block", network: address, prefix: bits(address) })
    return decodeName(text)
  },
  show: (rule) => {
    if (rule._tag === "Name") return rule.name
    return rule.prefix === bits(rule.network) ? rule.network.text : `${rule.network.text}/${rule.prefix}`
  },
}

const bits = (address: Address): number => address.bytes.length * 8

const decodeBlock = (addressText: string, prefixText: string): Decoded<DestinationRule> => {
  const network = parseAddress(withoutBrackets(addressText))
  if (network === undefined) return Result.fail("is no CIDR block: write for example 10.0.0.0/8 or fd00::/8")
  const prefix = /^[0-9]{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN
  if (!(prefix <= bits(network))) {
    return Result.fail(`has no valid prefix length: write 0 to ${bits(network)} after ${network.text}/`)
  }
  // A block with host bits is a slip of the pen, and in a deny list a guess would be worth less than a question.
  const first = firstAddress(network, prefix)
  if (first.text !== network.text) return Result.fail(`is no block's first address: write ${first.text}/${prefix}`)
  return Result.succeed({ _tag: "Block", network, prefix })
}

const firstAddress = (address: Address, prefix: number): Address =>
  fromBytes(address.bytes.map((byte, i) => byte & (0xff << Math.min(8, Math.max(0, 8 * (i + 1) - prefix)))))

const decodeName = (text: string): Decoded<DestinationRule> => {
  if (text === "*") return Result.fail("is no destination: write 0.0.0.0/0,::/0 for every address")
  if (text.startsWith("*.")) return Result.fail(`is no name: write ${quote(text.slice(1))} for every name below it`)
  const dot = text.startsWith(".") ? "." : ""
  const decoded = parseHost(text.slice(dot.length))
  if (decoded?._tag === "Name") return Result.succeed({ _tag: "Name", name: dot + comparableName(decoded.name) })
  const target = parseAuthority(text, undefined)
  return Result.fail(
    target === undefined
      ? "is no destination: write an address, a CIDR block or a name, for example 10.0.0.0/8 or .example.com"
      : `holds a port, which rules do not have: write ${quote(uriHost(target.host))}`,
  )
}

/** The addresses that `localhost` stands for. */
export const loopback: ReadonlyArray<Address> = [addressLiteral("127.0.0.1"), addressLiteral("::1")]

/** The address of a listener on every address of both families. */
export const everywhere: ReadonlyArray<Address> = [addressLiteral("::")]

/** 0.0.0.0 or ::, which listens everywhere, and connects to this machine. */
export const isUnspecified = (address: Address): boolean => address.bytes.every((byte) => byte === 0)

/** The addresses that a connection to `host` goes to, as far as they are known without asking a resolver. */
export const addressesOf = (host: Host): ReadonlyArray<Address> => {
  if (host._tag === "Name") return comparableName(host.name) === "localhost" ? loopback : []
  // Connecting to the unspecified address is connecting to this machine.
  if (isUnspecified(host)) return loopback.filter((address) => address._tag === host._tag)
  return [host]
}
