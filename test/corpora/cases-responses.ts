/** Cases of answers to a GET, or to the method that their group names. */
import { filling, type Group, head, manyFields } from "./cases.ts"

const ok = "HTTP/1.1 200 OK"
const none = "Content-Length: 0"
const answer = head(ok, none)
const chunked = head(ok, "Transfer-Encoding: chunked")
/** An answer without a body, with this status line. */
const lineOf = (statusLine: string): string => head(statusLine, none)
const having = (...fields: ReadonlyArray<string>): string => head(ok, ...fields)

export const answers: ReadonlyArray<Group> = [
  {
    about: "status lines (RFC 9112 section 4)",
    cases: [
      ["an answer", answer, "200", "waits"],
      ["no reason", lineOf("HTTP/1.1 200 "), "200", "waits"],
      ["no reason, and no space for it", lineOf("HTTP/1.1 200"), "200", "waits"],
      ["a reason of several words", lineOf("HTTP/1.1 404 Not Here, Try There"), "404", "waits"],
      ["a reason beyond ASCII", lineOf("HTTP/1.1 200 \xc3\x84h"), "200", "waits"],
      ["a tab in the reason", lineOf("HTTP/1.1 200 O\tK"), "200", "waits"],
      ["a status that nobody knows", lineOf("HTTP/1.1 799 Odd"), "799", "waits"],
      ["a NUL in the reason", lineOf("HTTP/1.1 200 O\0K"), "response-malformed"],
      ["a DEL in the reason", lineOf("HTTP/1.1 200 O\x7fK"), "response-malformed"],
      ["a CR in the reason", lineOf("HTTP/1.1 200 O\rK"), "response-malformed"],
      ["two digits", lineOf("HTTP/1.1 20 OK"), "response-malformed"],
      ["four digits", lineOf("HTTP/1.1 2000 OK"), "response-malformed"],
      ["below 100", lineOf("HTTP/1.1 099 OK"), "response-malformed"],
      ["a minus", lineOf("HTTP/1.1 -20 OK"), "response-malformed"],
      ["letters for a status", lineOf("HTTP/1.1 OK"), "response-malformed"],
      ["a letter for a digit", lineOf("HTTP/1.1 2O0 OK"), "response-malformed"],
      ["two spaces before the status", lineOf("HTTP/1.1  200 OK"), "response-malformed"],
      ["a tab before the status", lineOf("HTTP/1.1\t200 OK"), "response-malformed"],
      ["a tab behind the status", lineOf("HTTP/1.1 200\tOK"), "response-malformed"],
      ["no status", lineOf("HTTP/1.1"), "response-malformed"],
      ["HTTP/1.0, which ends", lineOf("HTTP/1.0 200 OK"), "200", "over"],
      ["HTTP/2.0", lineOf("HTTP/2.0 200 OK"), "response-malformed"],
      ["HTTP/2 without a minor version", lineOf("HTTP/2 200 OK"), "response-malformed"],
      ["HTTP/1.2", lineOf("HTTP/1.2 200 OK"), "response-malformed"],
      ["HTTP/0.9 in words", lineOf("HTTP/0.9 200 OK"), "response-malformed"],
      ["small letters", lineOf("http/1.1 200 OK"), "response-malformed"],
      ["another protocol", lineOf("ICY 200 OK"), "response-malformed"],
      ["a request for an answer", head("GET / HTTP/1.1", "Host: h"), "response-malformed"],
      ["a document and no head", "<html>\r\n\r\n", "response-malformed"],
      ["an empty line first", `\r\n${answer}`, "response-malformed"],
      ["a space first", ` ${answer}`, "response-malformed"],
      ["a NUL first", `\0${answer}`, "response-malformed"],
      ["LF behind the status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "response-malformed"],
      ["LF throughout", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "response-malformed"],
      ["no end yet", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r", "waits"],
      ["nothing", "", "waits"],
    ],
  },
  {
    about: "their fields (RFC 9112 section 5)",
    cases: [
      ["an empty value", having("X:", none), "200", "waits"],
      ["two cookies", having("Set-Cookie: a=b", "Set-Cookie: c=d", none), "200", "waits"],
      ["bytes beyond ASCII in a value", having("X: \xff", none), "200", "waits"],
      ["no colon", having("X", none), "response-malformed"],
      ["no name", having(": y", none), "response-malformed"],
      ["a space before the colon", having("X : y", none), "response-malformed"],
      ["a folded line", having("X: a\r\n b", none), "response-malformed"],
      ["a space before the first", having(" X: y", none), "response-malformed"],
      ["a NUL in a value", having("X: \0", none), "response-malformed"],
      ["a CR in a value", having("X: a\rb", none), "response-malformed"],
      ["LF behind one", having("X: a\nb: c", none), "response-malformed"],
      ["128 of them", having(none, ...manyFields(127)), "200", "waits"],
      ["129 of them", having(none, ...manyFields(128)), "response-too-large"],
      ["64 KiB", having(none, filling(65_536, ok, none)), "200", "waits"],
      ["64 KiB and a byte", having(none, filling(65_537, ok, none)), "response-too-large"],
      ["64 KiB and a byte without an end", having(none, filling(65_540, ok, none)).slice(0, -3), "response-too-large"],
    ],
  },
  {
    about: "where answers end (RFC 9112 section 6.3)",
    cases: [
      ["at their length", `${having("Content-Length: 5")}hello`, "200 = hello", "waits"],
      ["at their length, zeros before it", `${having("Content-Length: 05")}hello`, "200 = hello", "waits"],
      ["not before it", `${having("Content-Length: 5")}hell`, "200 = hell...", "waits"],
      ["behind their last chunk", `${chunked}5\r\nhello\r\n0\r\n\r\n`, "200 = hello", "waits"],
      ["behind their trailers", `${chunked}5\r\nhello\r\n0\r\nX: y\r\n\r\n`, "200 = hello", "waits"],
      ["with the connection", `${having("X: y")}hello`, "200 = hello...", "waits"],
      ["with the connection, answer or not", `${having("X: y")}${answer}`, `200 = ${answer}...`, "waits"],
      [
        "with the connection, for a coding that is unknown",
        `${having("Transfer-Encoding: gzip")}hello`,
        "200 = hello...",
        "waits",
      ],
      ["a length that is none", `${having("Content-Length: +5")}hello`, "response-malformed"],
      ["a list of lengths", `${having("Content-Length: 5, 5")}hello`, "response-malformed"],
      ["an empty length", `${having("Content-Length:")}hello`, "response-malformed"],
      ["two lengths that differ", `${having("Content-Length: 5", "Content-Length: 0")}hello`, "response-malformed"],
      [
        "a length and chunks",
        `${having("Content-Length: 5", "Transfer-Encoding: chunked")}0\r\n\r\n`,
        "response-malformed",
      ],
      [
        "chunks and a length",
        `${having("Transfer-Encoding: chunked", "Content-Length: 5")}0\r\n\r\n`,
        "response-malformed",
      ],
      ["chunked before gzip", `${having("Transfer-Encoding: chunked, gzip")}hello`, "response-malformed"],
      ["nearly chunked", `${having("Transfer-Encoding: chunkedx")}hello`, "response-malformed"],
      ["no coding", `${having("Transfer-Encoding:")}hello`, "response-malformed"],
      ["a chunk that is none", `${chunked}hello\r\n`, "200 = ...", "response-malformed"],
      ["a chunk with LF", `${chunked}5\nhello\r\n0\r\n\r\n`, "200 = ...", "response-malformed"],
      [
        "a chunk that is longer than it says",
        `${chunked}5\r\nhello!\r\n0\r\n\r\n`,
        "200 = hello...",
        "response-malformed",
      ],
      ["a trailer without a colon", `${chunked}5\r\nhello\r\n0\r\nX\r\n\r\n`, "200 = hello...", "response-malformed"],
    ],
  },
  {
    about: "answers without a body (RFC 9112 section 6.3)",
    cases: [
      ["204", head("HTTP/1.1 204 No Content"), "204", "waits"],
      ["204 with a length", head("HTTP/1.1 204 No Content", "Content-Length: 5") + answer, "204", "200", "waits"],
      ["204 in chunks", head("HTTP/1.1 204 No Content", "Transfer-Encoding: chunked") + answer, "204", "200", "waits"],
      ["304 with a length", head("HTTP/1.1 304 Not Modified", "Content-Length: 5") + answer, "304", "200", "waits"],
      ["304 without", head("HTTP/1.1 304 Not Modified") + answer, "304", "200", "waits"],
      ["205 has one like others", head("HTTP/1.1 205 Reset", "Content-Length: 2") + "hi", "205 = hi", "waits"],
      ["100 before the answer", head("HTTP/1.1 100 Continue") + answer, "100", "200", "waits"],
      ["103 before the answer", head("HTTP/1.1 103 Early Hints", "Link: </a>") + answer, "103", "200", "waits"],
      [
        "several before the answer",
        head("HTTP/1.1 102 P") + head("HTTP/1.1 103 E") + answer,
        "102",
        "103",
        "200",
        "waits",
      ],
      ["101 ends HTTP", head("HTTP/1.1 101 Switching", "Upgrade: x", "Connection: upgrade") + "\x81\0", "101", "over"],
    ],
  },
  {
    about: "answers one behind the other (RFC 9112 section 9.3)",
    cases: [
      ["two", answer + answer, "200", "200", "waits"],
      ["behind chunks", `${chunked}2\r\nhi\r\n0\r\n\r\n${answer}`, "200 = hi", "200", "waits"],
      ["close", having("Connection: close", none) + answer, "200", "over"],
      ["close in any case, among others", having("Connection: x, Close", none) + answer, "200", "over"],
      ["HTTP/1.0", lineOf("HTTP/1.0 200 OK") + answer, "200", "over"],
      ["HTTP/1.0 that would stay", head("HTTP/1.0 200 OK", "Connection: keep-alive", none) + answer, "200", "over"],
      ["a byte too much", `${having("Content-Length: 2")}hi!${answer}`, "200 = hi", "response-malformed"],
      ["an empty line between", `${answer}\r\n${answer}`, "200", "response-malformed"],
    ],
  },
]

export const answersToHead: ReadonlyArray<Group> = [
  {
    about: "answers to HEAD (RFC 9110 section 9.3.2)",
    cases: [
      ["a length is that of a GET", having("Content-Length: 5") + answer, "200", "200", "waits"],
      ["chunked says nothing", chunked + answer, "200", "200", "waits"],
      ["neither length nor close", having("X: y") + answer, "200", "200", "waits"],
      ["a length that is none", having("Content-Length: 5, 5"), "response-malformed"],
      ["a length and chunks", having("Content-Length: 5", "Transfer-Encoding: chunked"), "response-malformed"],
    ],
  },
]
