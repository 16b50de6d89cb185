/**
 * Istio: an entry under the keys that Istio's proxies write by default, for dashboards that are made for them. The
 * words are theirs: "downstream" is the client, "upstream" the target. What Pillion does not know, or does not log
 * because it could be secret (header fields), is null.
 */
import type { Reason } from "../../protocol/refusal.ts"

import { type Entry, startOf } from "./entry.ts"
import { jsonLine, timestamp } from "../output/text.ts"

export const istioLine = (entry: Entry): string => {
  const { method, path, version, status, refusal, address, target, code, direction } = entry
  const port = target?.slice(target.lastIndexOf(":") + 1) ?? ""
  const host = target?.slice(0, -port.length - 1) ?? ""
  return jsonLine({
    start_time: timestamp(startOf(entry)),
    method: method ?? null,
    path: path ?? null,
    protocol: version === undefined ? null : `HTTP/${version}`,
    response_code: status ?? 0,
    response_flags: flagOf(entry),
    response_code_details: refusal ?? (status === undefined ? null : "via_upstream"),
    connection_termination_details: code ?? null,
    upstream_transport_failure_reason: entry.detail ?? null,
    bytes_received: entry.bytes_in,
    bytes_sent: entry.bytes_out,
    duration: Math.round(entry.t_total),
    upstream_service_time: entry.t_first_byte === undefined ? null : String(Math.round(entry.t_first_byte)),
    x_forwarded_for: null,
    user_agent: null,
    request_id: null,
    authority: entry.authority ?? target ?? null,
    upstream_host: address ?? null,
    upstream_cluster: target === undefined ? null : `${direction}|${port}||${host}`,
    upstream_local_address: null,
    downstream_local_address: null,
    downstream_remote_address: entry.client,
    requested_server_name: entry.sni ?? null,
    route_name: null,
  })
}

/** Envoy's response flag that comes nearest; a dash where nothing went wrong or none fits. */
const flagOf = ({ refusal, end, code, method }: Entry): string => {
  if (refusal !== undefined) return flags[refusal] ?? "-"
  if (end === "client") return method !== undefined || code !== undefined ? "DC" : "-"
  if (end === "target") return method !== undefined || code !== undefined ? "UC" : "-"
  return end === "timeout" ? "SI" : "-"
}

/** UF could not connect, DF no such name, UAEX denied, UO too many, DPE and UPE wrong protocol, UC target closed. */
const flags: { readonly [R in Reason]?: string } = {
  "malformed-handshake": "DPE",
  "malformed-request": "DPE",
  "unknown-protocol": "DPE",
  "head-too-large": "DPE",
  "destination-denied": "UAEX",
  "loop-detected": "UAEX",
  "connection-limit": "UO",
  "name-not-found": "DF",
  "name-timeout": "DF",
  "connection-refused": "UF",
  "connection-timeout": "UF",
  "network-unreachable": "UF",
  "host-unreachable": "UF",
  "dial-denied": "UF",
  "proxy-error": "UF",
  "response-malformed": "UPE",
  "response-too-large": "UPE",
  "response-incomplete": "UC",
  "connection-terminated": "UC",
}
