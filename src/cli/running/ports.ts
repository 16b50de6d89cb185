/**
 * Ports: what a running proxy writes to its ports file, and how the other commands find its listeners.
 */
import { readFileSync } from "node:fs"
import * as Result from "effect/Result"
import { quote } from "../../config/error.ts"
import { options } from "../../config/options.ts"
import type { Settings } from "../../config/settings.ts"
import { parsePort } from "../../protocol/target.ts"

/** The ports that were chosen, by listener; 0 where nothing listens. */
export interface Ports {
  readonly in: number
  readonly out: number
  readonly health: number
  readonly admin: number
}

/** The content of a ports file; ends with a newline. */
export const portsText = ({ in: inbound, out, health, admin }: Ports): string =>
  `${JSON.stringify({ in: inbound, out, health, admin })}\n`

const optionOf = { in: "proxyInPort", out: "proxyOutPort", health: "healthPort", admin: "adminPort" } as const

/**
 * The port of a listener of the running proxy: the one in the settings, or, where they ask for a free one, the one in
 * the ports file. Fails with one line that says what is missing.
 */
export const runningPort = (settings: Settings, listener: keyof Ports): Result.Result<number, string> => {
  const key = optionOf[listener]
  if (settings[key] !== 0) return Result.succeed(settings[key])
  const { portsFile } = settings
  if (portsFile !== undefined) return portFrom(portsFile, listener)
  return Result.fail(
    `${options[key].name} is 0, a port that only the running proxy knows: give it and this command the same --ports-file`,
  )
}

const portFrom = (path: string, listener: keyof Ports): Result.Result<number, string> => {
  const text = readText(path)
  if (text === undefined) return Result.fail(`ports-file ${quote(path)} cannot be read: is the proxy running?`)
  const port = parsePort(String(field(text, listener)))
  return port === undefined
    ? Result.fail(`ports-file ${quote(path)} names no port for ${JSON.stringify(listener)}`)
    : Result.succeed(port)
}

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

const field = (text: string, name: string): unknown => {
  try {
    return new Map<string, unknown>(Object.entries(JSON.parse(text))).get(name)
  } catch {
    return undefined
  }
}
