/**
 * Bearer: the token without which nothing is answered that shows heads or bodies, or changes what is recorded. Loopback is
 * not private: every process of the machine reaches it, and with host networking every such pod.
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

import { type AdminRequest, type AdminResponse, text } from "../router.ts"

/** Refuses a request without `Authorization: Bearer TOKEN` (RFC 6750 section 2.1); undefined lets it in. */
export const refuseWithout = (token: string, { headers }: AdminRequest): AdminResponse | undefined => {
  const given = /^bearer +(\S+)$/i.exec(headers["authorization"]?.trim() ?? "")?.[1]
  if (given !== undefined && isSame(given, token)) return undefined
  const refused = text(401, "this shows what passed: it takes the bearer token of the running proxy")
  return HttpServerResponse.setHeader(refused, "WWW-Authenticate", "Bearer")
}

/** Takes as long for a token that is wrong at its end as for one that is wrong at its beginning. */
const isSame = (given: string, token: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && crypto.timingSafeEqual(a, b)
}
