/**
 * Annotations: the file that the Kubernetes downward API writes for `metadata.annotations`.
 *
 * One line an annotation: the raw key, `=`, and the value as Go's strconv.Quote writes it. That is not JSON: it has
 * `\a`, `\v`, `\x07` and `\U0001f600`. Hand-written files are taken too: any order, blank lines, CRLF, a missing or
 * present last newline, octal escapes and `\'`. A key that comes twice keeps its last value, with a warning.
 */
import * as Result from "effect/Result"
import { quote } from "./error.ts"

export interface Annotations {
  readonly values: ReadonlyMap<string, string>
  readonly warnings: ReadonlyArray<string>
}

/** The place where the file is malformed; both count from 1, columns in characters. */
export interface AnnotationsError {
  readonly line: number
  readonly column: number
  readonly problem: string
}

/** Never throws. The whole file is refused for one malformed line: half of a configuration is none. */
export const parseAnnotations = (text: string): Result.Result<Annotations, AnnotationsError> => {
  const values = new Map<string, string>()
  const warnings: Array<string> = []
  for (const [index, raw] of text
    .replace(/^\ufeff/, "")
    .split("\n")
    .entries()) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw
    if (line.trim() === "") continue
    const parsed = parseLine(line)
    if (Result.isFailure(parsed)) {
      return Result.fail({ line: index + 1, column: parsed.failure.offset + 1, problem: parsed.failure.problem })
    }
    const { key, value } = parsed.success
    if (values.has(key)) warnings.push(`annotation ${quote(key)} stands twice; the one on line ${index + 1} holds`)
    values.set(key, value)
  }
  return Result.succeed({ values, warnings })
}

interface Malformed {
  readonly offset: number
  readonly problem: string
}

const malformed = (offset: number, problem: string) => Result.fail<Malformed>({ offset, problem })

const parseLine = (line: string): Result.Result<{ readonly key: string; readonly value: string }, Malformed> => {
  const equals = line.indexOf("=")
  if (equals === -1) return malformed(line.length, 'expected key="value"')
  if (equals === 0) return malformed(0, "expected a key before =")
  if (line[equals + 1] !== '"') return malformed(equals + 1, 'expected a double quote (") after =')
  const value = unquote(line, equals + 2)
  return Result.map(value, (value) => ({ key: line.slice(0, equals), value }))
}

/** The string whose first character stands at `start`, up to a double quote that must end the line. */
const unquote = (line: string, start: number): Result.Result<string, Malformed> => {
  const value = new ByteString()
  let at = start
  while (at < line.length) {
    const next = line.slice(at).search(/["\\]/)
    if (next === -1) break
    value.text(line.slice(at, at + next))
    at += next
    if (line[at] === '"') {
      const rest = line.slice(at + 1)
      return rest.trim() === "" ? Result.succeed(value.toString()) : malformed(at + 1, "expected the end of the line")
    }
    const length = unescape(line, at, value)
    if (length === 0) return malformed(at, `${quote(line.slice(at, at + 2))} begins no escape that Go writes`)
    at += length
  }
  return malformed(line.length, 'expected a double quote (") at the end of the value')
}

const oneCharacter = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
  ["\\", "\\"],
  ['"', '"'],
  ["'", "'"],
])

const numeric = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/

/** Adds what the escape at `at` stands for; returns how long it is, or 0 if it is none. */
const unescape = (line: string, at: number, value: ByteString): number => {
  const simple = oneCharacter.get(line[at + 1] ?? "")
  if (simple !== undefined) {
    value.text(simple)
    return 2
  }
  const match = numeric.exec(line.slice(at, at + 10))
  if (match === null) return 0
  const [escape, byte, short, long, octal] = match
  if (byte !== undefined) value.byte(Number.parseInt(byte, 16))
  else if (octal !== undefined) value.byte(Number.parseInt(octal, 8))
  else {
    const point = Number.parseInt(short ?? long ?? "", 16)
    // As Go has it: surrogates are no characters, and nothing lies beyond U+10FFFF.
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return 0
    value.text(String.fromCodePoint(point))
  }
  return escape.length
}

/** A Go string is bytes: `\xc3\xa9` is one character. Bytes that are no UTF-8 become U+FFFD. */
class ByteString {
  private readonly bytes: Array<number> = []

  text(text: string): void {
    this.bytes.push(...encoder.encode(text))
  }

  byte(byte: number): void {
    this.bytes.push(byte)
  }

  toString(): string {
    return decoder.decode(new Uint8Array(this.bytes))
  }
}

const encoder = new TextEncoder()
// A byte order mark inside a value is part of the value.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
