/**
 * Refusal: why a client does not get what it asked for, and how each protocol says so.
 *
 * THE refusal table. Every reason stands here once, with the reply to a SOCKS5 client (RFC 1928 section 6), to a SOCKS4
 * client, and to an HTTP client (status, and the RFC 9209 section 2.3 error type of its Proxy-Status). Documentation and
 * metrics take their reasons from here; there is no second list.
 */

interface Answer {
  /** SOCKS5 REP. */
  readonly socks5: number
  /** SOCKS4 CD; 91 is the only code that means "rejected or failed". */
  readonly socks4: number
  readonly status: number
  /** RFC 9209 section 2.3 error type. */
  readonly proxyStatus: string
  /** One short sentence without a full stop, for a person: what happened. */
  readonly text: string
}

const answer = (socks5: number, status: number, proxyStatus: string, text: string): Answer => ({
  socks5,
  socks4: 91,
  status,
  proxyStatus,
  text,
})

export const refusals = {
  // The request itself.
  "malformed-handshake": answer(1, 400, "http_request_error", "the handshake is malformed"),
  "malformed-request": answer(1, 400, "http_request_error", "the request is malformed"),
  "origin-form-request": answer(
    1,
    400,
    "http_request_error",
    "this is a forward proxy: name the destination in the request line, or use CONNECT",
  ),
  "method-not-allowed": answer(1, 405, "http_request_denied", "this method is not allowed through the proxy"),
  "request-timeout": answer(1, 408, "http_request_error", "the request did not arrive in time"),
  "target-too-long": answer(1, 414, "http_request_error", "the request line is too long"),
  "expectation-failed": answer(1, 417, "http_request_error", "this expectation cannot be met"),
  "head-too-large": answer(1, 431, "http_request_error", "the request's header section is too large"),
  "not-implemented": answer(1, 501, "http_request_error", "this transfer coding or scheme is not supported"),
  "version-not-supported": answer(1, 505, "http_request_error", "this HTTP version is not supported"),
  "protocol-not-allowed": answer(1, 403, "http_request_denied", "this listener does not accept this proxy protocol"),
  "unknown-protocol": answer(1, 400, "http_request_error", "these bytes are no proxy protocol"),
  "no-acceptable-method": answer(0xff, 407, "http_request_error", "no offered authentication method is acceptable"),
  "authentication-failed": answer(1, 407, "http_request_error", "the authentication message is malformed"),
  "command-not-supported": answer(7, 501, "http_request_error", "only CONNECT is supported"),
  "address-type-not-supported": answer(8, 400, "http_request_error", "this address type is not supported"),

  // Policy and limits.
  "destination-denied": answer(2, 403, "destination_ip_prohibited", "this destination is denied"),
  "loop-detected": answer(2, 502, "proxy_loop_detected", "this destination is the proxy itself"),
  "connection-limit": answer(1, 503, "connection_limit_reached", "the proxy has reached its connection limit"),

  // The dial.
  "name-not-found": answer(4, 502, "dns_error", "the name does not resolve"),
  "name-timeout": answer(4, 504, "dns_timeout", "the name did not resolve in time"),
  "connection-refused": answer(5, 502, "connection_refused", "the destination refused the connection"),
  "connection-timeout": answer(6, 504, "connection_timeout", "the destination did not answer in time"),
  "network-unreachable": answer(3, 502, "destination_ip_unroutable", "there is no route to the destination's network"),
  "host-unreachable": answer(4, 502, "destination_ip_unroutable", "the destination host is unreachable"),
  "dial-denied": answer(2, 502, "destination_ip_prohibited", "this system does not permit a connection there"),
  "proxy-error": answer(1, 500, "proxy_internal_error", "the proxy could not open a connection"),

  // The origin's answer, HTTP only.
  "response-malformed": answer(1, 502, "http_protocol_error", "the origin's answer is malformed"),
  "response-incomplete": answer(1, 502, "http_response_incomplete", "the origin ended before its answer was complete"),
  "response-too-large": answer(1, 502, "http_response_header_section_size", "the origin's header section is too large"),
  "connection-terminated": answer(1, 502, "connection_terminated", "the origin closed the connection unanswered"),
} as const satisfies Record<string, Answer>

export type Reason = keyof typeof refusals

/** A reason with the detail that only the log gets. The detail never reaches the peer and never holds a secret. */
export interface Refusal {
  readonly reason: Reason
  readonly detail: string
}

export const refusal = (reason: Reason, detail: string): Refusal => ({ reason, detail })
