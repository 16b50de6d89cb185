/**
 * Open: the address of the status page, with the token in its fragment by which the page is shown what passed, and a
 * browser that goes there.
 *
 * Every user of a machine may read the command lines of all, and a browser keeps the address that it was started with in
 * its own. So the browser is started with the address of a door that opens once, and that leads on to the page.
 */
import { spawn } from "node:child_process"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import type { Settings } from "../../config/settings.ts"
import { done, failed, type Outcome } from "../command-line/outcome.ts"
import { get } from "./admin-client.ts"
import { makeToken, readToken, type TokenPlaces } from "./admin-token.ts"
import { runningPort } from "./ports.ts"

/** What starts a browser on a desktop. */
const opener = "xdg-open"

/** Milliseconds that a browser may take until it has come: a cold start on a slow disk is the longest of it. */
export const browserTimeout = 20_000

export interface OpenSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly places: TokenPlaces
  /** Writes a line; false when nobody reads them any more. */
  readonly print: (text: string) => boolean
}

/** Prints the address as soon as it is known, and ends when a browser has come for it, or none will. */
export const open = (settings: Settings, surroundings: OpenSurroundings): Effect.Effect<Outcome> => {
  const { environment, places, print } = surroundings
  const port = runningPort(settings, "admin")
  if (Result.isFailure(port)) return Effect.succeed(failed(port.failure))
  const token = readToken(port.success, places)
  if (token === undefined) {
    return Effect.succeed(
      failed(`this user has no token of a proxy with admin-port ${port.success}: is it running, and as this user?`),
    )
  }
  const address = `http://127.0.0.1:${port.success}/#token=${token}`
  // What an ended proxy left would open a page that is shown nothing.
  return get(port.success, "/capture", token).pipe(
    Effect.tap(() => Effect.sync(() => print(`${address}\n`))),
    Effect.flatMap(() => (hasDesktop(environment) ? lead(address, environment) : Effect.succeed("no desktop is here"))),
    Effect.match({
      onSuccess: (why) => ({
        ...done(""),
        stderr: why === undefined ? "" : `pillion: not opened, for ${why}: open the address in a browser yourself\n`,
      }),
      onFailure: ({ message }) => failed(message),
    }),
  )
}

/** Without one the opener would start a browser of the terminal. */
const hasDesktop = (environment: OpenSurroundings["environment"]): boolean =>
  (environment["DISPLAY"] ?? "") !== "" || (environment["WAYLAND_DISPLAY"] ?? "") !== ""

/** Has a browser come to `address`; undefined once it has, else why it has not. */
const lead = (address: string, environment: OpenSurroundings["environment"]): Effect.Effect<string | undefined> =>
  Effect.callback<string | undefined>((resume) => {
    const path = `/${makeToken()}`
    const end = (why: string | undefined): void => {
      server.close()
      resume(Effect.succeed(why))
    }
    const server = door(path, address, () => end(undefined))
    server.on("error", () => end("no port of this machine could be had"))
    server.listen(0, "127.0.0.1", () => {
      const at = server.address()
      const start = `http://127.0.0.1:${at !== null && typeof at === "object" ? at.port : 0}${path}`
      // It may be the browser itself, and stays.
      const child = spawn(opener, [start], { env: environment, stdio: "ignore", detached: true })
      child.on("error", () => end(`there is no ${opener}`))
      child.on("exit", (code) => {
        if (code !== 0) end(`${opener} found no browser`)
      })
      child.unref()
    })
    return Effect.sync(() => void server.close())
  }).pipe(Effect.timeoutOrElse({ duration: browserTimeout, orElse: () => Effect.succeed("no browser came") }))

/** A server that leads the first one who knows the path to an address, and everybody else nowhere. */
const door = (path: string, address: string, opened: () => void): Server => {
  let isOpen = true
  return createServer((request: IncomingMessage, response: ServerResponse) => {
    const leads = isOpen && request.method === "GET" && request.url === path
    response.setHeader("Connection", "close").setHeader("Cache-Control", "no-store")
    if (!leads) return void response.writeHead(404).end()
    isOpen = false
    response.setHeader("Referrer-Policy", "no-referrer").writeHead(302, { Location: address }).end(opened)
  })
}
