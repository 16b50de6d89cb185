/**
 * Address: IPv4 and IPv6 literals, parsed strictly and kept in one canonical form.
 */

export type Address =
  | { readonly _tag: "Ipv4"; /** 4 bytes, network order */ readonly bytes: Uint8Array; readonly text: string }
  | { readonly _tag: "Ipv6"; /** 16 bytes, network order */ readonly bytes: Uint8Array; readonly text: string }
