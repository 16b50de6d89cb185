/**
 * Option: what an entry of the option table says, and the names that follow from it.
 */
import type { Address } from "../protocol/address.ts"
import type { Kind } from "./kind.ts"

/** Facts of the machine that defaults and checks depend on. */
export interface Limits {
  /** RLIMIT_NOFILE of this process. */
  readonly openFiles: number
  /** The addresses of this machine's interfaces. */
  readonly ownAddresses: ReadonlyArray<Address>
}

export type Group =
  "Proxy" | "Listeners" | "Destinations" | "Deadlines" | "Limits" | "Logging" | "Capture" | "Configuration"

export interface Option<A> {
  /** The flag without its dashes, the configuration key, and in capitals after PILLION_ an environment name. */
  readonly name: string
  readonly group: Group
  /** One sentence without a full stop, for help and documentation. */
  readonly summary: string
  readonly kind: Kind<A>
  readonly initial: (limits: Limits) => A
  /** The default as help says it, where the value itself does not. */
  readonly initialText?: string
  /** The documented environment name; `PILLION_` + name in capitals holds too. */
  readonly environment?: string
  /** Where `environment` may be meant for the workload: what is no value of this option is ignored there. */
  readonly shared?: {
    /** Words of others for values of this option, in lower case. */
    readonly near?: ReadonlyMap<string, string>
    /** Whether it is read where a program runs beside the proxy, whose environment it is too. */
    readonly besideProgram: boolean
  }
  /** The name after `sidecar.speedscale.com/`. */
  readonly annotation?: string
  /** Whether SIGHUP changes the option at once; the others wait for a restart. */
  readonly reloadable: boolean
}

export const annotationDomain = "sidecar.speedscale.com/"
export const defaultAnnotationsFile = "/etc/podinfo/annotations"

/** The environment name that every option has. */
export const pillionName = (name: string): string => `PILLION_${name.toUpperCase().replaceAll("-", "_")}`

/** Environment names in the order of their precedence. */
export const environmentNames = (option: Pick<Option<unknown>, "name" | "environment">): ReadonlyArray<string> =>
  option.environment === undefined ? [pillionName(option.name)] : [pillionName(option.name), option.environment]
