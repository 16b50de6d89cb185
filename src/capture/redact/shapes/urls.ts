/**
 * URLs: the parts of a URL that stands in a text (RFC 3986): what hides in its authority, and where its query is.
 */
import {
  APOSTROPHE,
  BACKSLASH,
  GREATER_THAN,
  HASH,
  LESS_THAN,
  QUESTION_MARK,
  QUOTE,
  SLASH,
  SP,
} from "../../../protocol/ascii.ts"

const BACKQUOTE = 0x60

/** Whatever no URL holds: there it ends in a text. */
const endsUrl = (code: number): boolean =>
  code <= SP ||
  code === QUOTE ||
  code === APOSTROPHE ||
  code === BACKQUOTE ||
  code === LESS_THAN ||
  code === GREATER_THAN ||
  code === BACKSLASH

const endsAuthority = (code: number): boolean =>
  code === SLASH || code === QUESTION_MARK || code === HASH || endsUrl(code)

/** Where the authority ends that begins at `start`, behind `://`. */
const authorityEnd = (text: string, start: number): number => {
  let at = start
  while (at < text.length && !endsAuthority(text.charCodeAt(at))) at++
  return at
}

/** Where the URL ends of which something stands at `start`. */
export const urlEnd = (text: string, start: number): number => {
  let at = start
  while (at < text.length && !endsUrl(text.charCodeAt(at))) at++
  return at
}

type Span = readonly [start: number, end: number]

/**
 * The user and the password of an authority; nothing where there is no password, for a user alone is a name. Where the
 * text was cut within it, what may be a password is one.
 */
export const userinfoSpans = (text: string, start: number, cut: boolean): ReadonlyArray<Span> => {
  const authority = text.slice(start, authorityEnd(text, start))
  const at = authority.lastIndexOf("@")
  const isCut = at < 0 && cut && start + authority.length === text.length
  const info = isCut ? authority : authority.slice(0, Math.max(at, 0))
  const colon = info.indexOf(":")
  if (colon < 0) return []
  const spans: ReadonlyArray<Span> = [
    [start, start + colon],
    [start + colon + 1, start + info.length],
  ]
  return spans.filter(([from, to]) => from < to)
}
