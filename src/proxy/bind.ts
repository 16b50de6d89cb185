/**
 * Bind: the addresses that a planned listener listens on, all with one port.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import type { ListenerPlan } from "../config/settings.ts"
import { type Listener, listen } from "../net/sockets/listener.ts"
import type { Accept, Sockets } from "../net/sockets/sockets.ts"
import { hasNoIpv6, type ListenFailed } from "../flow/listen-failed.ts"
import { type Address, addressLiteral } from "../protocol/address.ts"

type Bound = Effect.Effect<ReadonlyArray<Listener>, ListenFailed, Scope.Scope>

/** Listens as planned until the scope closes: on every address that was asked for, or where none was on the default. */
export const bind = (sockets: Pick<Sockets, "listen">, plan: ListenerPlan, accept: Accept): Bound => {
  const on = (address: Address, port: number) => listen(sockets, plan.direction, address, port, accept)
  if (plan.bind.length > 0) return onAll(plan.bind, plan.port, on)
  return plan.direction === "inbound" ? everywhere(plan.port, on) : loopback(plan.port, on)
}

type On = (address: Address, port: number) => Effect.Effect<Listener, ListenFailed, Scope.Scope>

/** A free port that was asked for is chosen once: the first address gets it, the others the same. */
const onAll = Effect.fnUntraced(function* (addresses: ReadonlyArray<Address>, port: number, on: On) {
  const listeners: Array<Listener> = []
  for (const address of addresses) listeners.push(yield* on(address, port || (listeners[0]?.port ?? 0)))
  return listeners
})

/** `::` takes both families; a machine without IPv6 has `0.0.0.0` only. */
const everywhere = (port: number, on: On): Bound =>
  onAll([addressLiteral("::")], port, on).pipe(
    Effect.catchIf(hasNoIpv6, () => onAll([addressLiteral("0.0.0.0")], port, on)),
  )

/** Both loopback addresses; ::1 only where the machine has it. */
const loopback = Effect.fnUntraced(function* (port: number, on: On) {
  const ipv4 = yield* on(addressLiteral("127.0.0.1"), port)
  const ipv6 = yield* Effect.result(on(addressLiteral("::1"), ipv4.port))
  if (ipv6._tag === "Success") return [ipv4, ipv6.success]
  return hasNoIpv6(ipv6.failure) ? [ipv4] : yield* ipv6.failure
})
