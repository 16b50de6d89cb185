/**
 * Route: what is to become of a request, by its head alone.
 */
import { type Refusal, refusal } from "../refusal.ts"
import type { Target } from "../target.ts"

import type { RequestHead } from "./request.ts"

/**
 * `connect`: a CONNECT, which asks for a tunnel. `options`: an OPTIONS that was to come as far as here and no further
 * (RFC 9110 section 7.6.2), so it is answered here. A target: it goes to that origin.
 */
export type Route = "connect" | "options" | Target | Refusal

/** `destination` is where a request goes that names what this one names, or why it goes nowhere. */
export const routeOf = (head: RequestHead, destination: Target | Refusal): Route => {
  if (head.form === "authority") return "connect"
  if (head.method === "TRACE") return refusal("method-not-allowed", "TRACE")
  if ("reason" in destination) return destination
  const isForUs = head.method === "OPTIONS" && head.survey.maxForwards === 0 && head.bodyLength === 0
  return isForUs ? "options" : destination
}
