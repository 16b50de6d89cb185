/**
 * Route template: a path with its identifiers taken out, so that a million orders are one route: `/orders/{id}`.
 */

/** Characters of a template; the rest of a longer path is left out. */
export const maxTemplate = 128
/** Characters of a segment that may still be a word; a UUID has 36. */
export const maxWord = 32

/** Characters of a path that are read: whatever comes after them would not fit into a template, but for very long identifiers. */
export const maxRead = 1024
/** Hexadecimal digits that are no word any more. */
const minHexadecimal = 8

/**
 * `path` holds no query. Segments that are numbers, eight and more hexadecimal digits, or longer than a word (UUIDs are)
 * become `{id}`. The path itself, where there is none of these. Read letter by letter: regular expressions over the
 * segments took 1.4 microseconds of every request, this takes half of one.
 */
export const routeTemplate = (path: string): string => {
  if (path.length > maxRead) return routeTemplate(path.slice(0, maxRead))
  let template = ""
  /** What lies before is in the template. */
  let kept = 0
  let start = 0
  let digits = 0
  let letters = 0
  for (let at = 0; at <= path.length; at++) {
    const code = at === path.length ? slash : path.charCodeAt(at)
    if (code === slash) {
      if (isId(at - start, digits, letters)) {
        template += `${path.slice(kept, start)}{id}`
        kept = at
      }
      start = at + 1
      digits = letters = 0
    } else if (code >= zero && code <= nine) digits++
    // Upper and lower case differ in one bit.
    else if ((code | 0x20) >= lowerA && (code | 0x20) <= lowerF) letters++
  }
  if (kept > 0) template += path.slice(kept)
  else template = path
  return template.length > maxTemplate ? `${template.slice(0, maxTemplate - 1)}…` : template
}

/** Whether a segment of that many characters, of which so many are digits and letters from a to f, is no word. */
const isId = (length: number, digits: number, letters: number): boolean => {
  if (length > maxWord) return true
  if (length === 0) return false
  return digits === length || (length >= minHexadecimal && digits + letters === length)
}

const slash = 0x2f
const zero = 0x30
const nine = 0x39
const lowerA = 0x61
const lowerF = 0x66
