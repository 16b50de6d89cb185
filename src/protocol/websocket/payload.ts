/** Payload: what frames of a WebSocket hold, as it was before it was sent (RFC 6455 sections 5.3 and 5.5.1). */

/** Takes the mask off, in place; `mask` as `FrameReader` has it. `bytes` are a payload from its first byte on. */
export const unmask = (bytes: Uint8Array, mask: number): void => {
  if (mask === 0) return
  const key = [mask >>> 24, (mask >>> 16) & 0xff, (mask >>> 8) & 0xff, mask & 0xff]
  for (let at = 0; at < bytes.length; at++) bytes[at] = bytes[at]! ^ key[at & 3]!
}

export interface Close {
  readonly code: number
  readonly reason: string
}

/** The code of a close that says none (section 7.1.5). */
export const noStatus = 1005

/** What a close frame says; its reason as far as it is UTF-8. */
export const readClose = (payload: Uint8Array): Close => {
  if (payload.length < 2) return { code: noStatus, reason: "" }
  return { code: (payload[0]! << 8) | payload[1]!, reason: new TextDecoder().decode(payload.subarray(2)) }
}
