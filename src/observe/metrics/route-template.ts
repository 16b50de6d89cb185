/**
 * Route template: a path with its identifiers taken out, so that a million orders are one route: `/orders/{id}`.
 */

/** Characters of a template; the rest of a longer path is left out. */
export const maxTemplate = 128
/** Characters of a segment that may still be a word. */
export const maxWord = 32

const number = /^\d+$/
const hexadecimal = /^[0-9a-f]{8,}$/i
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * `path` holds no query. Segments that are numbers, UUIDs, eight and more hexadecimal digits, or longer than a word become
 * `{id}`. The path itself, where there is none of these.
 */
export const routeTemplate = (path: string): string => {
  if (path.length <= maxTemplate && !mayHoldIds(path)) return path
  const template = path.split("/").map(segmentOf).join("/")
  return template.length > maxTemplate ? `${template.slice(0, maxTemplate - 1)}…` : template
}

const segmentOf = (segment: string): string =>
  segment.length > maxWord || number.test(segment) || hexadecimal.test(segment) || uuid.test(segment) ? "{id}" : segment

/** Whether a segment is longer than a short word, or holds a digit: most paths have neither, and stay as they are. */
const mayHoldIds = (path: string): boolean => {
  let start = 0
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at)
    if (code === slash) start = at + 1
    else if ((code >= zero && code <= nine) || at - start >= minHexadecimal - 1) return true
  }
  return false
}

const slash = 0x2f
const zero = 0x30
const nine = 0x39
const minHexadecimal = 8
