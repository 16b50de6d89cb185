/**
 * Unreadable: why messages that are only watched can be followed no further.
 */

/**
 * `malformed`: it is not certain what bytes are, or where a message ends. `limit`: there is more of something than is
 * held. `detail` says which, in words for a person.
 */
export interface Unreadable {
  readonly reason: "malformed" | "limit"
  readonly detail: string
}

export const malformed = (detail: string): Unreadable => ({ reason: "malformed", detail })

export const overLimit = (detail: string): Unreadable => ({ reason: "limit", detail })

/** The same, said of `message`: "a request" or "an answer". */
export const unreadableIn = (message: string, { reason, detail }: Unreadable): Unreadable => ({
  reason,
  detail: `${message}: ${detail}`,
})
