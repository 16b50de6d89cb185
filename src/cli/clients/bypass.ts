/**
 * Bypass: what clients must not send through the proxy, in the spelling that each understands. No two agree on IPv6.
 */
import type { Outbound } from "./outbound.ts"

/** Instance metadata answers for the machine that asks, and holds its credentials. */
const metadata = ["169.254.169.254", "metadata.google.internal"]

const local = ["localhost", "127.0.0.1", "::1"]

/** How a list spells an IPv6 address. */
export type Ipv6 = (address: string) => ReadonlyArray<string>

/** curl, and Python's requests. */
export const bare: Ipv6 = (address) => [address]
/** .NET, Python's urllib, global-agent; and Ruby, which reads the end of a bare `::1` as the domain `.1` of 10.0.0.1. */
export const bracketed: Ipv6 = (address) => [`[${address}]`]
/** Both forms of an address, where a language has clients of both kinds. */
export const both: Ipv6 = (address) => [address, `[${address}]`]

/** Comma separated, without spaces: some clients do not trim. */
export const noProxy = (outbound: Outbound, ipv6: Ipv6): string =>
  [...local, ...metadata, ...kubernetesApi(outbound)].flatMap((host) => (isIpv6(host) ? ipv6(host) : host)).join(",")

/** `http.nonProxyHosts` and `socksNonProxyHosts`: separated by bars, stars at an end. */
export const nonProxyHosts = (outbound: Outbound): string =>
  ["localhost", "127.*", "::1", ...metadata, ...kubernetesApi(outbound)]
    .flatMap((host) => (isIpv6(host) ? bracketed(host) : host))
    .join("|")

const kubernetesApi = ({ kubernetes }: Outbound): ReadonlyArray<string> =>
  kubernetes === undefined ? [] : ["kubernetes.default.svc", kubernetes]

const isIpv6 = (host: string): boolean => host.includes(":")
