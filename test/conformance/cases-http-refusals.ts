/**
 * Cases H, refusals: heads that two recipients could read differently. Nothing of them reaches an origin.
 */
import type { Case } from "./runner.ts"
import { get, request } from "./talk.ts"
import { refused } from "./verdicts.ts"

const smuggled = "GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"
const at = (authority: string): string => `http://${authority}/`

export const headRefusals: ReadonlyArray<Case> = [
  refused({
    id: "H04",
    clause: "RFC 9112 3.2.2",
    name: "origin-form is refused by a forward proxy",
    sends: (authority) => `GET / HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
    status: 400,
  }),
  refused({
    id: "H05",
    clause: "RFC 9112 3.2",
    name: "HTTP/1.1 without Host is refused",
    sends: (authority) => `GET ${at(authority)} HTTP/1.1\r\n\r\n`,
    status: 400,
  }),
  refused({
    id: "H06",
    clause: "RFC 9112 3.2",
    name: "two Host fields are refused, even when they agree",
    sends: (authority) => get(authority, "/", `Host: ${authority}`),
    status: 400,
  }),
  refused({
    id: "H07",
    clause: "RFC 9112 6.3, CVE-2026-54387",
    name: "Content-Length together with chunked is refused",
    sends: (authority) =>
      request("POST", authority, "/", ["Content-Length: 5", "Transfer-Encoding: chunked"], `0\r\n\r\n${smuggled}`),
    status: 400,
    repairable: true,
  }),
  ...[
    ["H08a", "5", "6"],
    ["H08b", "5", "5"],
  ].map(([id = "", one, other]) =>
    refused({
      id,
      clause: "RFC 9112 6.3, CVE-2026-54388",
      name: `two Content-Length fields, ${one} and ${other}, are refused`,
      sends: (authority) =>
        request("POST", authority, "/", [`Content-Length: ${one}`, `Content-Length: ${other}`], "hello"),
      status: 400,
      repairable: one === other,
    }),
  ),
  ...["5, 5", "+5", "-0", "0x5", "5 5", "", "5;", "9007199254740993", "99999999999999999999"].map((value, i) =>
    refused({
      id: `H08${"cdefghijk"[i]}`,
      clause: "RFC 9112 6.3, RFC 9110 8.6, CVE-2023-40225",
      name: `a Content-Length of "${value}" is refused`,
      sends: (authority) => request("POST", authority, "/", [`Content-Length: ${value}`], "hello"),
      status: 400,
      repairable: value === "5, 5",
      // A proxy that counts further than 2^53 may wait for that many.
      ours: value === "9007199254740993",
    }),
  ),
  refused({
    id: "H12",
    clause: "RFC 9112 6.1",
    name: "a request coding that the proxy does not know is answered 501",
    sends: (authority) => request("POST", authority, "/", ["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"),
    status: 501,
  }),
  ...["chunked, chunked", ",chunked", "", "chunked;a=b", "chunked, gzip", "\x0bchunked", "xchunked", '"chunked"'].map(
    (value, i) =>
      refused({
        id: `H12${"bcdefghi"[i]}`,
        clause: "RFC 9112 6.1, 6.3",
        name: `a Transfer-Encoding of ${JSON.stringify(value)} is refused`,
        sends: (authority) => request("POST", authority, "/", [`Transfer-Encoding: ${value}`], "0\r\n\r\n"),
        status: [400, 501],
      }),
  ),
  refused({
    id: "H13",
    clause: "RFC 9112 6.1",
    name: "chunked in HTTP/1.0 is refused",
    sends: (authority) => `POST ${at(authority)} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
    repairable: true,
  }),
  refused({
    id: "H14a",
    clause: "RFC 9112 5.1, CVE-2019-18678",
    name: "a space before the colon is refused",
    sends: (authority) => request("POST", authority, "/", ["Transfer-Encoding : chunked"], "0\r\n\r\n"),
    status: 400,
  }),
  refused({
    id: "H14b",
    clause: "RFC 9112 2.2",
    name: "a space before the first field is refused",
    sends: (authority) =>
      `POST ${at(authority)} HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: ${authority}\r\n\r\n0\r\n\r\n`,
    status: 400,
    repairable: true,
  }),
  refused({
    id: "H16",
    clause: "RFC 9112 5.2",
    name: "a folded field is refused",
    sends: (authority) => get(authority, "/", "X: a\r\n b"),
    status: 400,
    repairable: true,
  }),
  ...[
    ": v",
    "no colon",
    "a b: v",
    "a(b: v",
    "a\x80b: v",
    "a\0b: v",
    "a\x0bb: v",
    "X: a\0b",
    "X: a\rb",
    "X: a\x7fb",
  ].map((line, i) =>
    refused({
      id: `H17${"abcdefghij"[i]}`,
      clause: "RFC 9110 5.1, 5.5, CVE-2023-25725",
      name: `a field line ${JSON.stringify(line)} is refused`,
      sends: (authority) => get(authority, "/", line),
      status: 400,
      // RFC 9110 section 5.5 lets a recipient turn CR, LF, NUL in a value into SP.
      repairable: line.startsWith("X:"),
      // And keep other control characters.
      ours: line === "X: a\x7fb",
    }),
  ),
  refused({
    id: "H18",
    clause: "RFC 9112 2.2",
    name: "lines that end with LF alone are refused",
    sends: (authority) => `GET ${at(authority)} HTTP/1.1\nHost: ${authority}\n\n`,
    status: 400,
    repairable: true,
  }),
  ...(
    [
      ["a", "\0"],
      ["b", "\x7f"],
      ["c", "\x80"],
      ["d", " b"],
      ["f", "#frag"],
      ["g", "\x01"],
      ["h", "\t"],
    ] as const
  ).map(([letter, bytes]) =>
    refused({
      id: `H26${letter}`,
      clause: "RFC 9112 3.2, CVE-2023-45539",
      name: `${JSON.stringify(bytes)} in the target is refused`,
      sends: (authority) => get(authority, `/a${bytes}`),
      status: 400,
      repairable: true,
    }),
  ),
  ...["http:///x", "http://:80/", "http://h:0/", "http://h:65536/", "http://h:x/", "http://[::1/", "http://a b/"].map(
    (target, i) =>
      refused({
        id: `H27${"abcdefg"[i]}`,
        clause: "RFC 9110 4.2.1, RFC 3986 3.2",
        name: `a target of ${target} is refused`,
        sends: () => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`,
        status: 400,
      }),
  ),
  refused({
    id: "H28",
    clause: "RFC 9110 7.1",
    name: "a scheme that the proxy does not carry is refused",
    sends: (authority) => `GET gopher://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
    status: [400, 501],
  }),
  refused({
    id: "H45a",
    clause: "RFC 9110 9.3.8",
    name: "TRACE is off",
    sends: (authority) => request("TRACE", authority, "/"),
    status: 405,
    repairable: true,
  }),
  refused({
    id: "H45b",
    clause: "RFC 9112 3.2.4",
    name: "OPTIONS * names no destination",
    sends: (authority) => `OPTIONS * HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
    status: 400,
    repairable: true,
  }),
  refused({
    id: "H45c",
    clause: "RFC 9113 3.4",
    name: "the preface of HTTP/2 is refused",
    sends: () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    status: [400, 505],
  }),
  refused({
    id: "H45e",
    clause: "RFC 9110 9.1",
    name: "a method that is no token is refused",
    sends: (authority) => request(",BAD,", authority, "/"),
    status: 400,
  }),
  refused({
    id: "H45f",
    clause: "RFC 9112 3",
    name: "a method of forty letters is refused",
    sends: (authority) => request("M".repeat(40), authority, "/"),
    status: [400, 501],
    repairable: true,
  }),
  ...(
    [
      ["a", ""],
      ["b", " HTTP/3.0"],
      ["c", " HTTP/1.2"],
      ["d", " http/1.1"],
      ["e", " HTTP/1.10"],
      ["f", " HTTP/1.1 "],
      ["g", " HTTP/01.1"],
    ] as const
  ).map(([letter, version]) =>
    refused({
      id: `H49${letter}`,
      clause: "RFC 9112 2.3",
      name: `a version of ${JSON.stringify(version)} is refused`,
      sends: (authority) => `GET ${at(authority)}${version}\r\nHost: ${authority}\r\n\r\n`,
      status: [400, 505],
      repairable: true,
    }),
  ),
]
