/** Media type: what a Content-Type says about how content is to be kept and shown (RFC 9110 section 8.3). */

/** The type and subtype in lower case, without parameters; empty where there is none. */
export const essenceOf = (type: string): string => (type.split(";", 1)[0] ?? "").trim().toLowerCase()

/** The charset parameter in lower case, unquoted. */
export const charsetOf = (type: string): string | undefined =>
  /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(type)?.[1]?.toLowerCase()

const textual =
  /^(?:text\/.*|[^/]+\/(?:.*[+.-])?(?:json|xml|yaml|ndjson)|application\/(?:x-www-form-urlencoded|javascript|graphql|x-yaml|x-ndjson))$/

/** Whether content of this type is text: by its type, or since it names a charset. */
export const isTextual = (type: string): boolean => textual.test(essenceOf(type)) || charsetOf(type) !== undefined

export const isJson = (type: string): boolean => /^[^/]+\/(?:.*\+)?json$/.test(essenceOf(type))

export const isForm = (type: string): boolean => essenceOf(type) === "application/x-www-form-urlencoded"

const left = /^(?:image|font|video|audio)\/|^application\/(?:zip|octet-stream)$/

/** Images, fonts, media and archives: what is seldom worth keeping. SVG is text. */
export const isBulky = (type: string): boolean => left.test(essenceOf(type)) && !isTextual(type)
