/**
 * Env: prints the recipe for one language, or for any program, with the settings in force: for a shell, as a
 * container's `env:`, or as JSON. It prints only; nothing is set, no profile is edited.
 */
import * as Result from "effect/Result"
import type { Environment } from "../../config/find.ts"
import type { Settings } from "../../config/settings.ts"
import type { Dialect, Language } from "../command-line/commands.ts"
import { kubernetesHost, outboundListener, outboundOf } from "./outbound.ts"
import { done, failed, type Outcome } from "../command-line/outcome.ts"
import { runningPort } from "../running/ports.ts"
import { general, javaOptions, type Recipe, recipes } from "./recipes.ts"

export interface EnvArgs {
  /** Undefined: for a program of any language. */
  readonly language: Language | undefined
  readonly json: boolean
  readonly k8s: boolean
  /** Undefined: a POSIX shell's. */
  readonly dialect: Dialect | undefined
}

/** Fails with 1 where there is no outbound listener, or its port is not known. */
export const env = (settings: Settings, args: EnvArgs, environment: Environment): Outcome => {
  const listener = outboundListener(settings)
  if (listener === undefined) {
    return failed(
      `proxy-type ${settings.proxyType} has no outbound listener for clients to use: write proxy-type forward or dual`,
    )
  }
  const port = runningPort(settings, "out")
  if (Result.isFailure(port)) return failed(port.failure)
  // The kubelet replaces $(NAME) in a value, and knows this name in every container.
  const kubernetes = args.k8s ? "$(KUBERNETES_SERVICE_HOST)" : kubernetesHost(environment)
  const outbound = outboundOf(listener, port.success, kubernetes)
  const recipe = args.language === undefined ? general(outbound) : recipes[args.language](outbound)
  if (args.json) return done(`${JSON.stringify(recipe.variables, undefined, 2)}\n`)
  if (args.k8s) return done(k8sText(recipe))
  return done(args.dialect === "fish" ? fishText(recipe) : shellText(recipe))
}

/** Commands for `eval "$(pillion env)"` in any POSIX shell. Notes come last: an eval without quotes ends at the first `#`. */
export const shellText = ({ variables, notes }: Recipe): string =>
  lines([
    ...variables.map(({ name, value }) => `export ${name}=${prefix(name)}${shellQuote(value)}`),
    ...comments(notes),
  ])

/** Agents are often given to the JVM this way: what is set already stays in front. */
const prefix = (name: string): string => (name === javaOptions ? `"\${${name}:+$${name} }"` : "")

/** Commands for `pillion env --shell fish | source`. */
export const fishText = ({ variables, notes }: Recipe): string =>
  lines([
    ...variables.map(({ name, value }) =>
      // What is set already stays in front; what is not set is no word for `join`.
      name === javaOptions
        ? `set -gx ${name} (string join ' ' -- $${name} ${fishQuote(value)})`
        : `set -gx ${name} ${fishQuote(value)}`,
    ),
    ...comments(notes),
  ])

/** Quotes text for fish, which knows two escapes in its single quotes. */
const fishQuote = (text: string): string => `'${text.replaceAll(/[\\']/g, "\\$&")}'`

/** The value of a container's `env` in YAML, with its key. */
export const k8sText = ({ variables, notes }: Recipe): string =>
  lines([
    variables.length === 0 ? "env: []" : "env:",
    // A JSON string is a YAML string.
    ...variables.flatMap(({ name, value }) => [`- name: ${name}`, `  value: ${JSON.stringify(value)}`]),
    ...comments(notes),
    ...(variables.some(({ name }) => name === javaOptions)
      ? [`# If the container or its image sets ${javaOptions} already, put its value in front of this one.`]
      : []),
  ])

/** Quotes text for a POSIX shell: in single quotes nothing is special but the quote itself. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const comments = (notes: ReadonlyArray<string>): ReadonlyArray<string> => notes.map((note) => `# ${note}`)

const lines = (all: ReadonlyArray<string>): string => all.map((line) => `${line}\n`).join("")
