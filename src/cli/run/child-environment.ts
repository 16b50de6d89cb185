/**
 * Child environment: what `run -- CMD` sets for CMD. The same as `pillion env` prints, but never over what is set.
 */
import type { Environment } from "../../config/find.ts"
import type { Settings } from "../../config/settings.ts"
import { kubernetesHost, outboundListener, outboundOf } from "../clients/outbound.ts"
import { general, javaOptions } from "../clients/recipes.ts"

export interface ChildEnvironment {
  readonly env: Record<string, string>
  /** Warnings, a sentence each: what was not set, and why. */
  readonly notes: ReadonlyArray<string>
}

/** `ports` are those that were chosen. Without an outbound listener nothing is set, and a note says so. */
export const childEnvironment = (
  settings: Settings,
  ports: { readonly out: number },
  environment: Environment,
): ChildEnvironment => {
  const env = defined(environment)
  const listener = outboundListener(settings)
  if (listener === undefined) {
    return {
      env,
      notes: [`proxy-type ${settings.proxyType} has no outbound listener: the program is told of no proxy`],
    }
  }
  const kept: Array<string> = []
  for (const { name, value } of general(outboundOf(listener, ports.out, kubernetesHost(environment))).variables) {
    const present = spellings(name).filter((spelling) => environment[spelling] !== undefined)
    if (name === javaOptions && !namesProxy(environment[name])) env[name] = append(environment[name], value)
    else if (present.length === 0) env[name] = value
    else kept.push(...present.filter((spelling) => !kept.includes(spelling)))
  }
  if (kept.length === 0) return { env, notes: [] }
  return { env, notes: [`kept as they were, so clients that read them may go past the proxy: ${kept.join(", ")}`] }
}

/**
 * A proxy variable that is set in one case counts as set in the other: clients differ in which they prefer, and the
 * other one would take its place.
 */
const spellings = (name: string): ReadonlyArray<string> =>
  /^[a-z]+_proxy$/i.test(name) ? [name.toUpperCase(), name.toLowerCase()] : [name]

/** The last of two equal properties holds in the JVM, so appending to these would overwrite them. */
const namesProxy = (flags: string | undefined): boolean =>
  flags !== undefined && /-D(?:https?\.proxy|socksProxy)(?:Host|Port)=/.test(flags)

const append = (flags: string | undefined, more: string): string => (flags ? `${flags} ${more}` : more)

const defined = (environment: Environment): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined))
