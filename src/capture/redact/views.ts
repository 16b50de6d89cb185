/**
 * Views: texts that were taken out of another text, decoded, with the place where each character stood there. Whatever
 * is found in a view can so be replaced in its source, and every other character of the source stays as it is.
 */
import { PERCENT } from "../../protocol/ascii.ts"

export interface View {
  readonly text: string
  /** Where the first character stands in the source. Without meaning where there are offsets. */
  readonly base: number
  /** Where each character stands in the source, and at the end where the text ends there. Absent where nothing was decoded. */
  readonly offsets: ReadonlyArray<number> | undefined
  /** The source was cut where this text ends, so its last value may be the beginning of one. */
  readonly cut: boolean
}

export const viewOf = (text: string, cut: boolean): View => ({ text, base: 0, offsets: undefined, cut })

/** Where a character of the view, or its end, stands in the source. */
export const sourceOf = ({ base, offsets }: View, at: number): number => offsets?.[at] ?? base + at

/** A piece of a view, as it stands there. */
export const pieceOf = (view: View, start: number, end: number): View => ({
  text: view.text.slice(start, end),
  base: view.base + start,
  offsets: view.offsets?.slice(start, end + 1),
  cut: view.cut && end >= view.text.length,
})

/** Puts a view together from pieces of another. */
class Decoder {
  private text = ""
  private readonly offsets: Array<number> = []
  private readonly from: View

  constructor(from: View) {
    this.from = from
  }

  copy(start: number, end: number): void {
    this.text += this.from.text.slice(start, end)
    for (let at = start; at < end; at++) this.offsets.push(sourceOf(this.from, at))
  }

  /** Adds what is written as something else at `at`. */
  put(text: string, at: number): void {
    this.text += text
    const offset = sourceOf(this.from, at)
    for (let i = 0; i < text.length; i++) this.offsets.push(offset)
  }

  done(end: number): View {
    this.offsets.push(sourceOf(this.from, end))
    return { text: this.text, base: 0, offsets: this.offsets, cut: this.from.cut && end >= this.from.text.length }
  }
}

/**
 * Decodes whatever begins with `mark`. `read` puts what stands at a mark and returns where it ends; `at` itself where the
 * mark means nothing there.
 */
const decode = (view: View, mark: string, read: (decoder: Decoder, at: number) => number): View => {
  const { text } = view
  let at = text.indexOf(mark)
  if (at < 0) return view
  const decoder = new Decoder(view)
  let from = 0
  while (at >= 0) {
    decoder.copy(from, at)
    from = read(decoder, at)
    if (from <= at) {
      decoder.copy(at, at + 1)
      from = at + 1
    }
    at = text.indexOf(mark, from)
  }
  decoder.copy(from, text.length)
  return decoder.done(text.length)
}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }

/** The inside of a JSON string (RFC 8259 section 7). An escape that is none stands for what is behind its backslash. */
export const decodeJsonString = (view: View): View =>
  decode(view, "\\", (decoder, at) => {
    const letter = view.text[at + 1]
    if (letter === undefined) return at
    const code = letter === "u" ? hexOf(view.text.slice(at + 2, at + 6), 4) : undefined
    decoder.put(code === undefined ? (escapes[letter] ?? letter) : String.fromCharCode(code), at)
    return code === undefined ? at + 2 : at + 6
  })

/** A name or a value of a query: `+` is a plus. */
export const decodePercent = (view: View): View =>
  decode(view, "%", (decoder, at) => readPercents(decoder, view.text, at))

/** A name or a value of a form (application/x-www-form-urlencoded): `+` is a space, which is as long, so places stay. */
export const decodeForm = (view: View): View => decodePercent({ ...view, text: view.text.replaceAll("+", " ") })

/** One character of UTF-8 in percents; a byte that is none stands for the character of its code. */
const readPercents = (decoder: Decoder, text: string, at: number): number => {
  const first = byteAt(text, at)
  if (first === undefined) return at
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
  let point = length === 1 ? first : first & (0x7f >> length)
  for (let i = 1; i < length; i++) {
    const byte = byteAt(text, at + 3 * i)
    if (byte === undefined || (byte & 0xc0) !== 0x80) {
      decoder.put(String.fromCharCode(first), at)
      return at + 3
    }
    point = (point << 6) | (byte & 0x3f)
  }
  decoder.put(point > 0x10ffff ? "\ufffd" : String.fromCodePoint(point), at)
  return at + 3 * length
}

const byteAt = (text: string, at: number): number | undefined =>
  text.charCodeAt(at) === PERCENT ? hexOf(text.slice(at + 1, at + 3), 2) : undefined

const hexOf = (digits: string, length: number): number | undefined =>
  digits.length === length && /^[0-9A-Fa-f]+$/.test(digits) ? Number.parseInt(digits, 16) : undefined

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }
const maxEntity = 10

/** Text or an attribute of XML: the five entities, and characters by number. Others stay as they are written. */
export const decodeXml = (view: View): View =>
  decode(view, "&", (decoder, at) => {
    const [all, name = ""] = /^&([#A-Za-z0-9]{1,8});/.exec(view.text.slice(at, at + maxEntity)) ?? []
    const text = Object.hasOwn(entities, name) ? entities[name] : characterOf(name)
    if (all === undefined || text === undefined) return at
    decoder.put(text, at)
    return at + all.length
  })

const characterOf = (name: string): string | undefined => {
  const hex = /^#[xX]([0-9A-Fa-f]{1,6})$/.exec(name)?.[1]
  const decimal = /^#([0-9]{1,7})$/.exec(name)?.[1]
  const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  return point <= 0x10ffff ? String.fromCodePoint(point) : undefined
}

/** Pieces of a view, one behind the other with a line feed between them. */
export const joinLines = (view: View, pieces: ReadonlyArray<readonly [start: number, end: number]>): View => {
  const [first, ...rest] = pieces
  if (first === undefined) return pieceOf(view, 0, 0)
  if (rest.length === 0) return pieceOf(view, first[0], first[1])
  const decoder = new Decoder(view)
  decoder.copy(...first)
  let end = first[1]
  for (const piece of rest) {
    decoder.put("\n", end)
    decoder.copy(...piece)
    end = piece[1]
  }
  return decoder.done(end)
}

/** The bytes of base64 as a text, one character a byte; undefined where it is no base64. */
export const fromBase64 = (base64: string): string | undefined => {
  try {
    return atob(base64)
  } catch {
    return undefined
  }
}
