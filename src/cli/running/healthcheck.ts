/**
 * Healthcheck: whether the proxy on this machine is ready, for Docker's HEALTHCHECK, systemd, and scripts. The only
 * exit codes are 0 and 1: Docker reserves the others.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Settings } from "../../config/settings.ts"
import { ask } from "./ask.ts"
import { done, failed, type Outcome } from "../command-line/outcome.ts"
import { runningPort } from "./ports.ts"

interface Health {
  readonly ready: boolean
  /** Null where the health port is not known. */
  readonly url: string | null
  /** The status code of the answer; null where there was none. */
  readonly status: number | null
  /** Why it is not ready; null where it is. */
  readonly reason: string | null
}

/** Asks `/readyz`. Ready is exactly 200. */
export const healthcheck = (settings: Settings, args: { readonly json: boolean }): Effect.Effect<Outcome> =>
  Effect.map(check(settings), (health) => {
    if (args.json) return { stdout: `${JSON.stringify(health)}\n`, stderr: "", code: health.ready ? 0 : 1 }
    return health.reason === null ? done("ready\n") : failed(`not ready: ${health.reason}`)
  })

const check = (settings: Settings): Effect.Effect<Health> => {
  const port = runningPort(settings, "health")
  if (Result.isFailure(port)) {
    return Effect.succeed({ ready: false, url: null, status: null, reason: port.failure })
  }
  const url = `http://127.0.0.1:${port.success}/readyz`
  return ask("GET", port.success, "/readyz").pipe(
    Effect.match({
      onSuccess: ({ status, text }): Health => {
        const said = text === "" ? "" : ` (${text})`
        const ready = status === 200
        return { ready, url, status, reason: ready ? null : `${url} answers ${status}${said}` }
      },
      onFailure: ({ message }): Health => ({
        ready: false,
        url,
        status: null,
        reason: `${message}; is the proxy running, with health-port ${port.success}?`,
      }),
    }),
  )
}
