/**
 * Drain: asks the proxy on this machine to stop as SIGTERM does, and says what that means with these settings.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { options } from "../../config/options.ts"
import { plan } from "../../config/plan.ts"
import type { Settings } from "../../config/settings.ts"
import { ask } from "./ask.ts"
import { done, failed, type Outcome } from "../command-line/outcome.ts"
import { runningPort } from "./ports.ts"

/** Succeeds as soon as the proxy has taken the request; never waits for its end. */
export const drain = (settings: Settings): Effect.Effect<Outcome> => {
  const port = runningPort(settings, "admin")
  if (Result.isFailure(port)) return Effect.succeed(failed(port.failure))
  return ask("POST", port.success, "/drain").pipe(
    Effect.match({
      onSuccess: ({ status, text }) =>
        status >= 200 && status < 300
          ? // Beside a program something else happens, and the proxy says what.
            done(text.startsWith("draining") || text === "" ? prospect(settings) : `${text}\n`)
          : failed(`not draining: http://127.0.0.1:${port.success}/drain answers ${status}${text && ` (${text})`}`),
      onFailure: ({ message }) =>
        failed(`not draining: ${message}; is the proxy running, with admin-port ${port.success}?`),
    }),
  )
}

/** Describes what happens between a drain and the end, a line for each listener; ends with a newline. */
const prospect = (settings: Settings): string => {
  const delay = settings.drainDelay === 0 ? undefined : options.drainDelay.kind.show(settings.drainDelay)
  const timeout = options.drainTimeout.kind.show(settings.drainTimeout)
  const lines = plan(settings).map(({ direction }) => {
    if (direction === "outbound") return "outbound: accepts connections until the end"
    return delay === undefined
      ? "inbound: accepts no more connections"
      : `inbound: accepts connections for another ${delay}`
  })
  const condition = delay === undefined ? "" : `${delay} are over and `
  return [
    "draining: /readyz answers 503",
    ...lines,
    `end: when ${condition}no connection is left, at the latest in ${timeout}`,
    "",
  ].join("\n")
}
