/**
 * Hostile: bytes that are nearly HTTP requests. Every choice is one number of a list, and 0 chooses what is harmless, so
 * a list that is shrunk towards zeros leaves only what matters.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

/** Lists of numbers for `Choices`, long enough for most requests. */
export const choiceLists = Arbitrary.array(
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))),
  { minLength: 60, maxLength: 160 },
)

/** Choices taken from a list of numbers from 0 to 255, one after another; behind its end all of them are 0. */
export class Choices {
  private readonly numbers: ReadonlyArray<number>
  private at = 0

  constructor(numbers: ReadonlyArray<number>) {
    this.numbers = numbers
  }

  below(end: number): number {
    return (this.numbers[this.at++] ?? 0) % end
  }

  pick<A>(options: readonly [A, ...ReadonlyArray<A>]): A {
    return options[this.below(options.length)] ?? options[0]
  }

  /** Mostly what is usual, one time in twenty-eight something odd: with more, hardly a request would be left to pass. */
  odd<A>(usual: A, odd: readonly [A, ...ReadonlyArray<A>]): A {
    return this.below(28) !== 27 ? usual : this.pick(odd)
  }
}

/** Up to three requests one behind the other, which may be spoilt in any place, or cut short. */
export const hostileRequests = (choices: Choices): string => {
  const count = 1 + choices.pick([0, 0, 1, 2])
  const requests = Array.from({ length: count }, () => hostileRequest(choices))
  const text = spoil(choices, requests.join(""))
  return choices.below(8) < 7 ? text : text.slice(0, position(choices, text))
}

/** Cuts bytes in pieces. */
export const hostileCuts = (choices: Choices, bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const pieces: Array<Uint8Array> = []
  const most = choices.pick([400, 60, 9, 2])
  let rest = bytes
  while (rest.length > 0) {
    const length = choices.below(most) || rest.length
    pieces.push(rest.subarray(0, length))
    rest = rest.subarray(length)
  }
  return pieces
}

const smuggled = "GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"

const hostileRequest = (choices: Choices): string => {
  const lineEnd = (): string => choices.odd("\r\n", ["\n", "\r", "\r\r\n", "\n\r\n", " \r\n", "\r\n ", "\r\n\t", ""])
  const space = (): string => choices.odd(" ", ["  ", "\t", "", "\x0b", "\r"])
  const before = choices.odd("", ["\r\n", "\r\n\r\n", "\r\n\r\n\r\n", "\n", "\r", " ", "\0"])
  const method = choices.odd(choices.pick(["GET", "POST", "PUT", "OPTIONS"]), [
    "",
    "get",
    "G:T",
    "CONNECT",
    "TRACE",
    "X",
  ])
  const target = choices.odd(choices.pick(targets), oddTargets)
  const version = choices.odd(choices.pick(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]), oddVersions)
  const body = choices.pick(["", "hello", smuggled, "0\r\n\r\n", "x".repeat(300)])
  const chunks = choices.pick([false, true]) ? hostileChunks(choices, body) : undefined
  const framing = chunks === undefined ? lengthField(choices, body) : codingField(choices)
  const host = choices.odd("Host: a.test", ["", "host:a.test", "Host: b.test", "Host: ", "Host : a.test", "Host: a b"])
  const fields = [host, framing, choices.odd("", oddFields), choices.odd("", oddFields)].filter((field) => field !== "")
  const lines = (choices.pick([false, true]) ? fields : fields.toReversed()).map((field) => field + lineEnd()).join("")
  return `${before}${method}${space()}${target}${space()}${version}${lineEnd()}${lines}${lineEnd()}${chunks ?? body}`
}

const targets = [
  "http://a.test/",
  "http://a.test/x?y=http://b.test/",
  "http://b.test:8080",
  "HTTP://a.test?q",
  "http://[::1]:81/",
] as const

const oddTargets = [
  "/",
  "*",
  "http://a.test/#b",
  "http://u@a.test/",
  "http://a.test:0/",
  "https://a.test/",
  "http:///x",
  "http://a.test\\@b.test/",
  "http://a.test/ x",
  "http://a.test/\x80",
  "b.test:443",
] as const

const oddVersions = ["HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.1 ", "HTTP/1.10", "HTTP/1", ""] as const

const lengthField = (choices: Choices, body: string): string => {
  const { length } = body
  const right = choices.odd(body === "" ? "" : `Content-Length: ${length}`, [
    `content-LENGTH:${length}`,
    `Content-Length:\t0${length}\t`,
    `Content-Length: ${"0".repeat(20)}${length}`,
    "Content-Length: 0",
  ])
  const value = choices.pick([
    "",
    `+${length}`,
    `${length}, ${length}`,
    `${length} ${length}`,
    "0x5",
    "-0",
    "1e1",
    "5\x0b",
  ])
  return choices.odd(right, [
    `Content-Length: ${value}`,
    `${right}\r\n${right}`,
    `${right}\r\nContent-Length: 0`,
    `${right}\r\nTransfer-Encoding: chunked`,
    `Content-Length : ${length}`,
    ` Content-Length: ${length}`,
    `Content_Length: ${length}`,
    `X: y\nContent-Length: ${length}`,
    `X: y\rContent-Length: ${length}`,
    `Content-Length\0: ${length}`,
    `Content-Length: ${length + 1}`,
    `Content-Length: 99999999999999999999`,
  ])
}

const codingField = (choices: Choices): string => {
  const right = choices.pick(["Transfer-Encoding: chunked", "transfer-encoding:\tCHUNKED "])
  return choices.odd(right, [
    `Transfer-Encoding: ${choices.pick(["gzip, chunked", "chunked, gzip", "xchunked", "chunked;a", '"chunked"', ""])}`,
    `Transfer-Encoding: ${choices.pick(["\x0bchunked", "chunked\0", "chunked\xa0", "chunked, chunked", ",chunked"])}`,
    `${right}\r\n${right}`,
    `${right}\r\nTransfer-Encoding: identity`,
    `${right}\r\nContent-Length: 3`,
    `Content-Length: 3\r\n${right}`,
    "Transfer-Encoding : chunked",
    " Transfer-Encoding: chunked",
    "Transfer_Encoding: chunked",
    "Transfer-Encoding:\r\n chunked",
    "X: y\nTransfer-Encoding: chunked",
    "X: y\rTransfer-Encoding: chunked",
  ])
}

const oddFields = [
  "X: y",
  "X: y\r\n z",
  "X : y",
  ": y",
  "X",
  "X: \0",
  "Connection: close",
  "Connection: content-length, host, transfer-encoding",
  "Connection: x\r\nX: y",
  "Upgrade: a\r\nConnection: upgrade",
  "Expect: 100-continue",
  "Expect: x",
  "Expect:",
  "Expect: 100-continue, 100-Continue",
  "Host: b.test",
  "Max-Forwards: 1",
] as const

const hostileChunks = (choices: Choices, body: string): string => {
  const lineEnd = (): string => choices.odd("\r\n", ["\n", "\r", "\r\r\n", " \r\n", "\r\n\r\n", ""])
  let text = ""
  let rest = body
  while (rest !== "") {
    const length = Math.min(rest.length, choices.pick([rest.length, 1, 3]))
    const size = length.toString(16)
    text += choices.odd(size, [
      `0${size}`,
      `${"0".repeat(16)}${size}`,
      `+${size}`,
      `0x${size}`,
      ` ${size}`,
      `${size} `,
      `${size}\t 0`,
      `-${size}`,
      "",
      `f${size}`,
    ])
    text += choices.odd("", [";a", ";a=b", ';a="b;\\""', ';a="b', ";", " ;a", "  \t", ";a\x01", ";a\n"]) + lineEnd()
    text += rest.slice(0, length) + lineEnd()
    rest = rest.slice(length)
  }
  const last = choices.odd("0", ["00", "0;a", "0 ;a", "0 ", "0".repeat(20), "", "1", "-0", "0x0"])
  const trailer = choices.odd("", [
    "X: y\r\n",
    "Content-Length: 3\r\n",
    "Host: b.test\r\n",
    " X: y\r\n",
    "X\r\n",
    "X: y\n",
  ])
  return `${text}${last}${lineEnd()}${trailer}${lineEnd()}`
}

/** Deletes, inserts or replaces up to three bytes anywhere. */
const spoil = (choices: Choices, text: string): string => {
  let spoilt = text
  for (let count = choices.odd(0, [1, 2, 3]); count > 0; count--) {
    const at = position(choices, spoilt)
    const byte = choices.pick(["", "\r", "\n", "\r\n", " ", "\t", ":", "\0", "0", "5", ",", ";", "\x7f", "\xff"])
    spoilt = spoilt.slice(0, at) + byte + spoilt.slice(at + choices.below(2))
  }
  return spoilt
}

const position = (choices: Choices, text: string): number =>
  (choices.below(256) * 256 + choices.below(256)) % (text.length + 1)
