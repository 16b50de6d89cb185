/**
 * Destination: where a connection goes, and whether it may. Both are decided here and nowhere else: for the handshake of
 * a tunnel and for each request of an exchange, before a name is resolved and before an address is dialled. policy.ts
 * has the lists and networks that this asks.
 *
 * The rule of every kind of destination is a value of `Destination`; a connection is given one and knows no other.
 */
import type { Settings } from "../config/settings.ts"
import type { Address } from "../protocol/address.ts"
import { refusal, type Refusal } from "../protocol/refusal.ts"
import type { Host, Target } from "../protocol/target.ts"

import { makePolicy, type Policy, type PolicyParts } from "./policy.ts"

/** What every kind of destination answers. Never throws, and makes nothing but a refusal. */
interface Judge {
  /** Where a client goes that asks for `asked`, which is undefined where it names nothing; or why it goes nowhere. */
  readonly resolve: (asked: Target | undefined) => Target | Refusal
  /** Judges what was resolved before its name is looked up; an address is judged by `permitAddress` alone. */
  readonly permit: (target: Target) => Refusal | undefined
  /** Judges an address that is about to be dialled for the host that was `asked` for. */
  readonly permitAddress: (address: Address, port: number, asked: Host) => Refusal | undefined
}

/** The workload, whatever the client names: an inbound port can never be an open relay. */
export interface ToWorkload extends Judge {
  readonly _tag: "Workload"
  readonly target: Target
}

/** Where the client says, as far as the policy permits. */
export interface AsNamed extends Judge {
  readonly _tag: "Named"
}

export type Destination = ToWorkload | AsNamed

/** Where the connections of each listener go. */
export interface Destinations {
  readonly inbound: ToWorkload
  readonly outbound: AsNamed
}

export interface DestinationParts extends PolicyParts {
  readonly settings: () => Pick<
    Settings,
    "proxyHost" | "proxyPort" | "proxyOutBind" | "allowDestinations" | "denyDestinations"
  >
}

export const makeDestinations = (parts: DestinationParts): Destinations => {
  const policy = makePolicy(parts)
  // The workload waits for a restart to be another, so its target holds as long as the listeners.
  const { proxyHost, proxyPort } = parts.settings()
  return { inbound: toWorkload({ host: proxyHost, port: proxyPort }, policy), outbound: asNamed(policy) }
}

/** The lists are about what clients name; only a loop is one whoever is dialled. */
const toWorkload = (target: Target, policy: Policy): ToWorkload => ({
  _tag: "Workload",
  target,
  resolve: () => target,
  permit: () => undefined,
  permitAddress: policy.permitListener,
})

const asNamed = (policy: Policy): AsNamed => ({
  _tag: "Named",
  resolve: (asked) => asked ?? unnamed,
  permit: ({ host }) => policy.permitHost(host),
  permitAddress: policy.permitAddress,
})

/** Only HTTP has requests that name no destination. */
const unnamed = refusal("origin-form-request", "origin-form on a forward proxy")
