/** Cases of requests with bodies, and of requests one behind the other. */
import { type Case, filling, type Group, head } from "./cases.ts"

const host = "Host: h"
const get = head("GET /b HTTP/1.1", host)
/** A request with these fields, and what follows it. */
const post = (fields: string, rest = ""): string => head("POST /a HTTP/1.1", host, fields) + rest
const chunks = (rest: string): string => post("Transfer-Encoding: chunked", rest)

/** A request of which the length is no length. */
const badLength = (shows: string, value: string): Case => [
  shows,
  post(`Content-Length:${value}`, "hello"),
  "malformed-request",
]

/** A request whose coding is refused, and why. */
const badCoding = (shows: string, value: string, reason = "malformed-request"): Case => [
  shows,
  post(`Transfer-Encoding:${value}`, "0\r\n\r\n"),
  reason,
]

/** A chunked body that is refused before any of its content was read. */
const badChunk = (shows: string, rest: string): Case => [shows, chunks(rest), "POST /a = ...", "malformed-request"]

/** A chunked body of which `abc` was read when it is refused. */
const badBehindChunk = (shows: string, rest: string): Case => [
  shows,
  chunks(`3\r\nabc${rest}`),
  "POST /a = abc...",
  "malformed-request",
]

export const lengths: ReadonlyArray<Group> = [
  {
    about: "Content-Length (RFC 9110 section 8.6, RFC 9112 section 6.3)",
    cases: [
      ["a body", post("Content-Length: 5", "hello"), "POST /a = hello", "waits"],
      ["no body", post("Content-Length: 0"), "POST /a", "waits"],
      ["neither length nor body", post("X: y"), "POST /a", "waits"],
      ["without one there is no body", post("X: y", get), "POST /a", "GET /b", "waits"],
      ["a body of a GET", head("GET /a HTTP/1.1", host, "Content-Length: 2") + "hi", "GET /a = hi", "waits"],
      ["a body in HTTP/1.0", head("POST /a HTTP/1.0", "Content-Length: 2") + "hi", "POST /a = hi", "over"],
      ["its name in any case", post("cONTENT-lENGTH: 5", "hello"), "POST /a = hello", "waits"],
      ["no blank before it", post("Content-Length:5", "hello"), "POST /a = hello", "waits"],
      ["blanks around it", post("Content-Length: \t5 \t", "hello"), "POST /a = hello", "waits"],
      ["zeros before it", post("Content-Length: 0005", "hello"), "POST /a = hello", "waits"],
      ["twenty zeros before it", post(`Content-Length: ${"0".repeat(20)}5`, "hello"), "POST /a = hello", "waits"],
      ["bytes of any kind", post("Content-Length: 5", "\0\r\n\xff "), "POST /a = \0\r\n\xff ", "waits"],
      ["a body that looks like a request", post(`Content-Length: ${get.length}`, get), `POST /a = ${get}`, "waits"],
      ["a body that has not ended", post("Content-Length: 5", "hell"), "POST /a = hell...", "waits"],
      ["the largest", post("Content-Length: 9007199254740991", "h"), "POST /a = h...", "waits"],
      badLength("one more than the largest", " 9007199254740992"),
      badLength("more than 64 bits hold", " 99999999999999999999"),
      badLength("what 64 bits would wrap to 5", " 18446744073709551621"),
      badLength("no value", ""),
      badLength("blanks for a value", "  "),
      badLength("a plus", " +5"),
      badLength("a minus", " -5"),
      badLength("nothing with a minus", " -0"),
      badLength("a list of one length", " 5, 5"),
      badLength("a list without blanks", " 5,5"),
      badLength("a list of two lengths", " 5, 0"),
      badLength("a comma behind it", " 5,"),
      badLength("two numbers", " 5 5"),
      badLength("hexadecimal", " 0x5"),
      badLength("a fraction", " 5.0"),
      badLength("an exponent", " 1e1"),
      badLength("an underscore", " 1_0"),
      badLength("quotes", ' "5"'),
      badLength("a letter behind it", " 5a"),
      badLength("digits of another script", " \xd9\xa5"),
      badLength("a NUL behind it", " 5\0"),
      badLength("a vertical tab behind it", " 5\x0b"),
      ["two alike", post("Content-Length: 5\r\nContent-Length: 5", "hello"), "malformed-request"],
      ["two that differ", post("Content-Length: 0\r\nContent-Length: 5", "hello"), "malformed-request"],
      [
        "two, one of them in other letters",
        post("Content-Length: 5\r\ncontent-length: 0", "hello"),
        "malformed-request",
      ],
      ["a space before its colon", post("Content-Length : 5", "hello"), "malformed-request"],
      ["a space before its name", post(" Content-Length: 5", "hello"), "malformed-request"],
      ["folded", post("Content-Length:\r\n 5", "hello"), "malformed-request"],
      ["behind a CR in another field", post("X: y\rContent-Length: 5", "hello"), "malformed-request"],
      ["behind a LF in another field", post("X: y\nContent-Length: 5", "hello"), "malformed-request"],
      ["an underscore in its name", post("Content_Length: 46", get), "POST /a", "GET /b", "waits"],
    ],
  },
  {
    about: "Transfer-Encoding (RFC 9112 section 6.1)",
    cases: [
      ["chunked", chunks("5\r\nhello\r\n0\r\n\r\n"), "POST /a = hello", "waits"],
      ["in capitals", post("TRANSFER-ENCODING: CHUNKED", "0\r\n\r\n"), "POST /a", "waits"],
      ["blanks around it", post("Transfer-Encoding: \tchunked\t ", "0\r\n\r\n"), "POST /a", "waits"],
      ["no blank before it", post("Transfer-Encoding:chunked", "0\r\n\r\n"), "POST /a", "waits"],
      badCoding("gzip before chunked", " gzip, chunked", "not-implemented"),
      badCoding("gzip alone", " gzip", "not-implemented"),
      badCoding("identity", " identity", "not-implemented"),
      badCoding("a letter before it", " xchunked", "not-implemented"),
      badCoding("a space in it", " chun ked", "not-implemented"),
      badCoding("in quotes", ' "chunked"', "not-implemented"),
      badCoding("chunked before gzip", " chunked, gzip"),
      badCoding("chunked twice", " chunked, chunked"),
      badCoding("chunked before identity", " chunked, identity"),
      badCoding("a parameter", " chunked;a=b"),
      badCoding("a letter behind it", " chunkedx"),
      badCoding("twice in one word", " chunkedchunked"),
      badCoding("a word behind it", " chunked x"),
      badCoding("no value", ""),
      badCoding("a comma for a value", " ,"),
      badCoding("a comma before it", " ,chunked"),
      badCoding("a comma behind it", " chunked,"),
      badCoding("a space that is none behind it", " chunked\xa0"),
      badCoding("a vertical tab before it", " \x0bchunked"),
      badCoding("a NUL behind it", " chunked\0"),
      badCoding("two lines alike", " chunked\r\nTransfer-Encoding: chunked"),
      badCoding("two lines that differ", " chunked\r\nTransfer-Encoding: identity"),
      badCoding("a length behind it", " chunked\r\nContent-Length: 5"),
      badCoding("a length of zero behind it", " chunked\r\nContent-Length: 0"),
      badCoding("a fold before it", "\r\n chunked"),
      ["a length before it", post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), "malformed-request"],
      ["in HTTP/1.0", head("POST /a HTTP/1.0", "Transfer-Encoding: chunked") + "0\r\n\r\n", "malformed-request"],
      ["a space before its colon", post("Transfer-Encoding : chunked", "0\r\n\r\n"), "malformed-request"],
      ["a NUL behind its name", post("Transfer-Encoding\0: chunked", "0\r\n\r\n"), "malformed-request"],
      ["an underscore in its name", post("Transfer_Encoding: chunked", get), "POST /a", "GET /b", "waits"],
      ["TE is another field", post("TE: chunked", get), "POST /a", "GET /b", "waits"],
    ],
  },
]

export const chunkSyntax: ReadonlyArray<Group> = [
  {
    about: "sizes of chunks (RFC 9112 section 7.1)",
    cases: [
      ["several", chunks("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), "POST /a = hello", "waits"],
      ["capitals", chunks(`A\r\n0123456789\r\n0\r\n\r\n`), "POST /a = 0123456789", "waits"],
      ["small letters", chunks(`a\r\n0123456789\r\n0\r\n\r\n`), "POST /a = 0123456789", "waits"],
      ["zeros before one", chunks("0003\r\nabc\r\n0\r\n\r\n"), "POST /a = abc", "waits"],
      ["zeros for the last", chunks("3\r\nabc\r\n0000\r\n\r\n"), "POST /a = abc", "waits"],
      ["blanks behind one", chunks("3 \t\r\nabc\r\n0 \r\n\r\n"), "POST /a = abc", "waits"],
      ["content of any kind", chunks("5\r\n\r\n0\r\n\r\n0\r\n\r\n"), "POST /a = \r\n0\r\n", "waits"],
      ["no last chunk yet", chunks("3\r\nabc\r\n"), "POST /a = abc...", "waits"],
      ["no end behind the last chunk yet", chunks("3\r\nabc\r\n0\r\n"), "POST /a = abc...", "waits"],
      ["the largest that is taken", chunks("fffffffffffff\r\nh"), "POST /a = h...", "waits"],
      badChunk("one that is larger", "10000000000000\r\nh"),
      badChunk("one that 64 bits would wrap to 3", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
      badChunk("none", "\r\nabc\r\n0\r\n\r\n"),
      badChunk("a plus", "+3\r\nabc\r\n0\r\n\r\n"),
      badChunk("a minus", "-3\r\nabc\r\n0\r\n\r\n"),
      badChunk("a prefix", "0x3\r\nabc\r\n0\r\n\r\n"),
      badChunk("a letter that is no digit", "g\r\nabc\r\n0\r\n\r\n"),
      badChunk("a letter behind the digits", "3h\r\nabc\r\n0\r\n\r\n"),
      badChunk("a blank before it", " 3\r\nabc\r\n0\r\n\r\n"),
      badChunk("digits behind a blank", "3 3\r\nabc\r\n0\r\n\r\n"),
      badChunk("an underscore", "1_0\r\n0123456789\r\n0\r\n\r\n"),
      badChunk("a NUL behind it", "3\0\r\nabc\r\n0\r\n\r\n"),
      badChunk("a vertical tab behind it", "3\x0b\r\nabc\r\n0\r\n\r\n"),
      badChunk("a comma behind it", "3,\r\nabc\r\n0\r\n\r\n"),
    ],
  },
  {
    about: "ends of lines within a chunked body (RFC 9112 section 7.1)",
    cases: [
      badChunk("LF behind a size", "3\nabc\r\n0\r\n\r\n"),
      badChunk("CR behind a size", "3\rabc\r\n0\r\n\r\n"),
      badChunk("CR CR LF behind a size", "3\r\r\nabc\r\n0\r\n\r\n"),
      badBehindChunk("LF behind a chunk", "\n0\r\n\r\n"),
      badBehindChunk("CR behind a chunk", "\r0\r\n\r\n"),
      badBehindChunk("nothing behind a chunk", "0\r\n\r\n"),
      badBehindChunk("more content than was said", "d\r\n0\r\n\r\n"),
      badBehindChunk("LF behind the last size", "\r\n0\n\r\n"),
      badBehindChunk("LF at the end", "\r\n0\r\n\n"),
      badBehindChunk("an empty line for the last chunk", "\r\n\r\n"),
    ],
  },
  {
    about: "chunk extensions (RFC 9112 section 7.1.1)",
    cases: [
      ["a name", chunks("3;a\r\nabc\r\n0\r\n\r\n"), "POST /a = abc", "waits"],
      ["a name and a value", chunks("3;a=b\r\nabc\r\n0;c=d\r\n\r\n"), "POST /a = abc", "waits"],
      ["several, with blanks", chunks("3 ; a = b ; c\r\nabc\r\n0\r\n\r\n"), "POST /a = abc", "waits"],
      ["a quoted value", chunks('3;a="b;c\\""\r\nabc\r\n0\r\n\r\n'), "POST /a = abc", "waits"],
      ["bytes beyond ASCII", chunks("3;\xe4\r\nabc\r\n0\r\n\r\n"), "POST /a = abc", "waits"],
      ["one of 200 bytes", chunks(`3;${"a".repeat(200)}\r\nabc\r\n0\r\n\r\n`), "POST /a = abc", "waits"],
      badChunk("one of 300 bytes", `3;${"a".repeat(300)}\r\nabc\r\n0\r\n\r\n`),
      badChunk("nothing behind the semicolon", "3;\r\nabc\r\n0\r\n\r\n"),
      badChunk("a quote that is not closed", '3;a="b\r\nabc\r\n0\r\n\r\n'),
      badChunk("a control byte", "3;a\x01\r\nabc\r\n0\r\n\r\n"),
      badChunk("a NUL in quotes", '3;a="\0"\r\nabc\r\n0\r\n\r\n'),
      badChunk("LF", "3;a\nabc\r\n0\r\n\r\n"),
      badChunk("CR", "3;a\rb\r\nabc\r\n0\r\n\r\n"),
      badChunk("LF in quotes", '3;a="\n"\r\nabc\r\n0\r\n\r\n'),
    ],
  },
  {
    about: "trailers (RFC 9112 section 7.1.2)",
    cases: [
      ["a field", chunks("3\r\nabc\r\n0\r\nX: y\r\n\r\n"), "POST /a = abc", "waits"],
      ["two fields", chunks("3\r\nabc\r\n0\r\nX: y\r\nZ:\r\n\r\n"), "POST /a = abc", "waits"],
      [
        "a length in them is none",
        chunks(`3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n${get}`),
        "POST /a = abc",
        "GET /b",
        "waits",
      ],
      ["no end yet", chunks("3\r\nabc\r\n0\r\nX: y\r\n"), "POST /a = abc...", "waits"],
      badBehindChunk("no colon", "\r\n0\r\nX\r\n\r\n"),
      badBehindChunk("no name", "\r\n0\r\n: y\r\n\r\n"),
      badBehindChunk("a space before the colon", "\r\n0\r\nX : y\r\n\r\n"),
      badBehindChunk("a folded line", "\r\n0\r\nX: y\r\n z\r\n\r\n"),
      badBehindChunk("a space first", "\r\n0\r\n X: y\r\n\r\n"),
      badBehindChunk("a NUL", "\r\n0\r\nX: \0\r\n\r\n"),
      badBehindChunk("LF behind a field", "\r\n0\r\nX: y\n\r\n"),
      badBehindChunk("a request for a field", `\r\n0\r\n${get}`),
    ],
  },
]

export const sequences: ReadonlyArray<Group> = [
  {
    about: "requests one behind the other (RFC 9112 section 9.3)",
    cases: [
      ["two", get + get, "GET /b", "GET /b", "waits"],
      ["behind a body of some length", post("Content-Length: 5", `hello${get}`), "POST /a = hello", "GET /b", "waits"],
      ["behind a chunked body", chunks(`3\r\nabc\r\n0\r\n\r\n${get}`), "POST /a = abc", "GET /b", "waits"],
      ["an empty line between", `${get}\r\n${get}`, "GET /b", "GET /b", "waits"],
      ["two empty lines between", `${get}\r\n\r\n${get}`, "GET /b", "GET /b", "waits"],
      ["three empty lines between", `${get}\r\n\r\n\r\n${get}`, "GET /b", "malformed-request"],
      ["a LF between", `${get}\n${get}`, "GET /b", "malformed-request"],
      ["a NUL between", `${get}\0${get}`, "GET /b", "malformed-request"],
      ["a byte too much in a body", post("Content-Length: 5", `hello!${get}`), "POST /a = hello", "!GET /b", "waits"],
      ["a byte too few in a body", post("Content-Length: 5", `hell${get}`), "POST /a = hellG", "ET /b", "waits"],
      ["the second has no Host", get + head("GET /c HTTP/1.1"), "GET /b", "malformed-request"],
      ["the second is of HTTP/2", `${get}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`, "GET /b", "version-not-supported"],
      ["the second is not whole", `${get}GET /c HTTP/1.1\r\n`, "GET /b", "waits"],
      ["bytes behind a body that is refused", chunks(`g\r\n${get}`), "POST /a = ...", "malformed-request"],
    ],
  },
  {
    about: "the last request of a connection (RFC 9112 sections 9.3 and 9.6)",
    cases: [
      ["close", head("GET /a HTTP/1.1", host, "Connection: close") + get, "GET /a", "over"],
      [
        "close in any case, among others",
        head("GET /a HTTP/1.1", host, "Connection: x, CLOSE") + get,
        "GET /a",
        "over",
      ],
      [
        "close in a second line",
        head("GET /a HTTP/1.1", host, "Connection: x", "Connection: close") + get,
        "GET /a",
        "over",
      ],
      ["close behind a body", post("Connection: close\r\nContent-Length: 2", `hi${get}`), "POST /a = hi", "over"],
      ["nearly close", head("GET /a HTTP/1.1", host, "Connection: closed") + get, "GET /a", "GET /b", "waits"],
      [
        "keep-alive changes nothing",
        head("GET /a HTTP/1.1", host, "Connection: keep-alive") + get,
        "GET /a",
        "GET /b",
        "waits",
      ],
      ["keep-alive and close", head("GET /a HTTP/1.1", host, "Connection: keep-alive, close") + get, "GET /a", "over"],
      ["HTTP/1.0", head("GET /a HTTP/1.0") + get, "GET /a", "over"],
      ["HTTP/1.0 that asks to stay", head("GET /a HTTP/1.0", "Connection: keep-alive") + get, "GET /a", "over"],
    ],
  },
  {
    about: "upgrades (RFC 9110 section 7.8)",
    cases: [
      [
        "a WebSocket",
        head("GET /a HTTP/1.1", host, "Connection: Upgrade", "Upgrade: websocket") + "\x81\0",
        "GET /a",
        "over",
      ],
      [
        "one that is named by its scheme",
        head("GET ws://h/ HTTP/1.1", host, "Connection: upgrade", "Upgrade: websocket"),
        "GET ws://h/",
        "over",
      ],
      [
        "one behind another request",
        get + head("GET /a HTTP/1.1", host, "Connection: upgrade", "Upgrade: x"),
        "GET /b",
        "GET /a",
        "over",
      ],
      [
        "an offer that Connection does not name",
        head("GET /a HTTP/1.1", host, "Upgrade: websocket") + get,
        "GET /a",
        "GET /b",
        "waits",
      ],
      [
        "a name without an offer",
        head("GET /a HTTP/1.1", host, "Connection: upgrade") + get,
        "GET /a",
        "GET /b",
        "waits",
      ],
      [
        "HTTP/2 in the clear is not taken up",
        head("GET /a HTTP/1.1", host, "Connection: upgrade, http2-settings", "Upgrade: h2c", "HTTP2-Settings: AAA") +
          get,
        "GET /a",
        "GET /b",
        "waits",
      ],
    ],
  },
]

const connect = (target: string, ...fields: ReadonlyArray<string>): string =>
  head(`CONNECT ${target} HTTP/1.1`, host, ...fields)

const tunnel = "CONNECT h:443 HTTP/1.1"

export const tunnels: ReadonlyArray<Group> = [
  {
    about: "CONNECT (RFC 9110 section 9.3.6)",
    cases: [
      ["a name and a port", connect("h:443"), "CONNECT h:443", "over"],
      ["an IPv4 address", connect("127.0.0.1:1"), "CONNECT 127.0.0.1:1", "over"],
      ["an IPv6 address", connect("[::1]:443"), "CONNECT [::1]:443", "over"],
      ["no port, as some write it", connect("h"), "CONNECT h", "over"],
      ["HTTP/1.0 without Host", head("CONNECT h:443 HTTP/1.0"), "CONNECT h:443", "over"],
      ["bytes of the tunnel behind it", connect("h:443") + "\x16\x03\x01", "CONNECT h:443", "over"],
      ["a request of the tunnel behind it", connect("h:80") + get, "CONNECT h:80", "over"],
      [
        "64 KiB, and bytes of the tunnel behind it",
        head(tunnel, host, filling(65_536, tunnel, host)) + "\x16",
        "CONNECT h:443",
        "over",
      ],
      ["an empty line before it", `\r\n${connect("h:443")}`, "CONNECT h:443", "over"],
      ["a length of zero", connect("h:443", "Content-Length: 0"), "CONNECT h:443", "over"],
      ["a body", connect("h:443", "Content-Length: 5") + "hello", "malformed-request"],
      ["a chunked body", connect("h:443", "Transfer-Encoding: chunked") + "0\r\n\r\n", "malformed-request"],
      ["no Host", head("CONNECT h:443 HTTP/1.1"), "malformed-request"],
      ["a path", connect("/"), "malformed-request"],
      ["a scheme", connect("https://h:443"), "malformed-request"],
      ["a path behind the port", connect("h:443/"), "malformed-request"],
      ["an asterisk", connect("*"), "malformed-request"],
      ["a user", connect("u@h:443"), "malformed-request"],
      ["nothing behind the colon", connect("h:"), "malformed-request"],
      ["no host", connect(":443"), "malformed-request"],
      ["port 0", connect("h:0"), "malformed-request"],
      ["port 65536", connect("h:65536"), "malformed-request"],
      ["a zone", connect("[fe80::1%lo]:443"), "malformed-request"],
      ["a NUL", connect("h\0:443"), "malformed-request"],
      ["no target", head("CONNECT HTTP/1.1", host), "malformed-request"],
      ["no version, at once", "CONNECT h:443\r\n", "malformed-request"],
      ["HTTP/2", head("CONNECT h:443 HTTP/2.0", host), "version-not-supported"],
      ["LF", "CONNECT h:443 HTTP/1.1\nHost: h\n\n", "malformed-request"],
      ["a folded line", connect("h:443", "X: a\r\n b"), "malformed-request"],
      ["an expectation", connect("h:443", "Expect: coffee"), "expectation-failed"],
      ["no end yet", connect("h:443").slice(0, -1), "waits"],
      ["a target that is too long", connect(`${"h".repeat(16_400)}:443`), "target-too-long"],
      ["small letters are another method", head("connect h:443 HTTP/1.1", host), "malformed-request"],
    ],
  },
]
