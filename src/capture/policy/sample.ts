/**
 * Sample: which traces are recorded where not all are. By a hash, so that all of one trace is recorded or none of it, in
 * every proxy that it passes with the same share; of what belongs to no trace, all of one client connection.
 */

/** The trace's part of a `traceparent` (W3C Trace Context section 3.2); undefined where it has none. In lower case. */
export const traceIdOf = (traceparent: string | undefined): string | undefined => {
  const trace = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/.exec(traceparent?.trim() ?? "")?.[1]
  return trace === none ? undefined : trace
}

const none = "0".repeat(32)

/** Whether a trace, or without one a connection of this process, is among `percent` of all. */
export const isDrawn = (percent: number, trace: string | undefined, flow: number, salt: number): boolean => {
  if (percent >= 100) return true
  const place = trace === undefined ? mixed(Math.imul(flow, 0x9e3779b1) ^ salt) : hashed(trace)
  return place < (percent / 100) * 2 ** 32
}

/** FNV-1a with the last steps of MurmurHash3, since that alone hardly moves the first bits of what is alike. Unsigned. */
const hashed = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mixed(hash)
}

const mixed = (number: number): number => {
  let hash = number ^ (number >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
