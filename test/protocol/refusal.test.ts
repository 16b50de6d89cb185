import { describe, expect, test } from "bun:test"

import { refusal, refusals } from "../../src/protocol/refusal.ts"

/** RFC 9209 section 2.3, all of them. */
const proxyErrorTypes = [
  "dns_timeout",
  "dns_error",
  "destination_not_found",
  "destination_unavailable",
  "destination_ip_prohibited",
  "destination_ip_unroutable",
  "connection_refused",
  "connection_terminated",
  "connection_timeout",
  "connection_read_timeout",
  "connection_write_timeout",
  "connection_limit_reached",
  "tls_protocol_error",
  "tls_certificate_error",
  "tls_alert_received",
  "http_request_error",
  "http_request_denied",
  "http_response_incomplete",
  "http_response_header_section_size",
  "http_response_header_size",
  "http_response_body_size",
  "http_response_trailer_section_size",
  "http_response_trailer_size",
  "http_response_transfer_coding",
  "http_response_content_coding",
  "http_response_timeout",
  "http_upgrade_failed",
  "http_protocol_error",
  "proxy_internal_response",
  "proxy_internal_error",
  "proxy_configuration_error",
  "proxy_loop_detected",
]

describe("every reason in the refusal table", () => {
  test.each(Object.entries(refusals))("%s can be told in every protocol", (reason, answer) => {
    expect(reason).toMatch(/^[a-z]+(-[a-z]+)*$/)
    // RFC 1928: 1 to 8 in a reply, and ff in the answer to a greeting only.
    expect(reason === "no-acceptable-method" ? answer.socks5 === 0xff : answer.socks5 >= 1 && answer.socks5 <= 8).toBe(
      true,
    )
    expect(answer.socks4).toBe(91)
    expect(answer.status).toBeWithin(400, 506)
    expect(proxyErrorTypes).toContain(answer.proxyStatus)
    // One line of plain ASCII, fit for a body and for a quoted string of Proxy-Status.
    expect(answer.text).toMatch(/^[a-z][ !#-[\]-~]+[^. ]$/)
  })
})

describe("what a client learns of a failed dial", () => {
  test.each([
    ["connection-refused", 5, 502, "connection_refused"],
    ["connection-timeout", 6, 504, "connection_timeout"],
    ["network-unreachable", 3, 502, "destination_ip_unroutable"],
    ["host-unreachable", 4, 502, "destination_ip_unroutable"],
    ["name-not-found", 4, 502, "dns_error"],
    ["name-timeout", 4, 504, "dns_timeout"],
    ["destination-denied", 2, 403, "destination_ip_prohibited"],
    ["loop-detected", 2, 502, "proxy_loop_detected"],
    ["connection-limit", 1, 503, "connection_limit_reached"],
  ] as const)("%s is REP %i, status %i and %s", (reason, socks5, status, proxyStatus) => {
    expect(refusals[reason]).toMatchObject({ socks5, status, proxyStatus })
  })
})

test("a refusal is its reason and a detail for the log", () => {
  expect(refusal("proxy-error", "EMFILE")).toEqual({ reason: "proxy-error", detail: "EMFILE" })
})
