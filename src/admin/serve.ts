/**
 * Serve: the HTTP server of the admin listener, on one address.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import type { ListenFailed } from "../flow/listen-failed.ts"

import { type Handler, KeepOpen } from "./router.ts"
import { type Served, served } from "./served.ts"

/** Bytes of a request's body. The longest that means anything names a log level. */
export const maxBody = 1024

/** Serves the admin port until the scope closes, which cuts off whoever is still there; 0 takes a free one. */
export const serve = (
  address: string,
  port: number,
  answer: Handler,
): Effect.Effect<Served, ListenFailed, Scope.Scope> =>
  served("admin", address, port, () =>
    Bun.serve({
      hostname: address,
      port,
      development: false,
      // Bun 1.4.5 takes `development: false` for leave to share the port, and a port in use would go unnoticed.
      reusePort: false,
      maxRequestBodySize: maxBody,
      fetch: (request, server) =>
        answer(
          request,
          Context.make(KeepOpen, () => server.timeout(request, 0)),
        ),
    }),
  )
