/**
 * Control: whether the running proxy keeps records, and how many there are, for whoever has the token.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"

import { type AdminRequest, type AdminResponse, json, type Route, text } from "../router.ts"

import { refuseWithout } from "./bearer.ts"

export interface ControlParts {
  readonly token: string
  /** What `GET /capture` shows. */
  readonly status: () => object
  /** Keeps records from now on, or does not. Those that are kept stay. */
  readonly keep: (isOn: boolean) => void
}

/** `GET /capture` says what is captured; `PUT /capture` takes `on` or `off` and says the same. */
export const controlRoutes = (parts: ControlParts): ReadonlyArray<Route> => {
  const guarded = (method: "GET" | "PUT", answer: (request: AdminRequest) => Effect.Effect<AdminResponse>): Route =>
    HttpRouter.route(method, "/capture", (request) => {
      const refused = refuseWithout(parts.token, request)
      return refused === undefined ? answer(request) : Effect.succeed(refused)
    })
  return [
    guarded("GET", () => Effect.sync(() => json(parts.status()))),
    guarded("PUT", (request) => turn(request, parts)),
  ]
}

const turn = ({ text: body }: AdminRequest, { keep, status }: ControlParts): Effect.Effect<AdminResponse> =>
  Effect.match(body, {
    onFailure: () => text(400, "the body can not be read"),
    onSuccess: (given) => {
      const word = given.trim().toLowerCase()
      if (word !== "on" && word !== "off") return text(400, "the body is on or off")
      keep(word === "on")
      return json(status())
    },
  })
