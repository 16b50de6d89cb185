/**
 * Route: what is to become of a request, by its head alone.
 */
import { type Refusal, refusal } from "../refusal.ts"

import type { RequestHead } from "./request.ts"

/**
 * `connect`: a CONNECT, which asks for a tunnel. `options`: an OPTIONS that was to come as far as here and no further
 * (RFC 9110 section 7.6.2), so it is answered here. `forward`: it goes to an origin.
 */
export type Route = "connect" | "options" | "forward" | Refusal

/** A request that names no destination is one for an origin, and only where that is the workload: inbound. */
export const routeOf = (head: RequestHead, direction: "inbound" | "outbound"): Route => {
  if (head.form === "authority") return "connect"
  if (head.method === "TRACE") return refusal("method-not-allowed", "TRACE")
  if (direction === "outbound" && head.form !== "absolute") {
    return refusal("origin-form-request", "origin-form on a forward proxy")
  }
  return head.method === "OPTIONS" && head.survey.maxForwards === 0 && head.bodyLength === 0 ? "options" : "forward"
}
