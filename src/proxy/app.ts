/**
 * Pillion: START HERE.
 *
 * An inline sidecar proxy beside one workload. The words that the whole program uses:
 *
 * - client: who connected to us. target: where it wants to go. workload: the app beside us.
 * - inbound: what others send to the workload, through us. outbound: what the workload sends to others, through us.
 * - listener: an address that takes connections. plan: which listeners the settings ask for.
 * - detect: find out which protocol a client speaks. handshake: let it say where it wants to go. negotiation: both, from
 *   a client's first byte until its intent is known. dial: connect there.
 * - destination: the rule that says to which target a connection goes, and whether it may. progress: the one step of a
 *   connection that is under way. layer: an end over an end, to open or to observe what passes.
 * - relay: carry opaque bytes both ways. exchange: plain HTTP requests, one after another, to several origins, each of
 *   them a transaction; upload and download are the two directions of one.
 * - owner: whoever starts a thing and hears its outcome; it implements the thing's XOwner.
 * - turn: one round of the event loop: read what has come, tell everyone, send what they wrote. batch: what leaves then.
 * - end: one side of a connection. receiver: who hears it. tail: bytes that a short write left. inbox: bytes that came and
 *   were not consumed. delivered: acknowledged by the peer. linger: wait behind last words. detach: leave the rest to the
 *   kernel.
 * - flow: what is known of a connection. refusal: why a client does not get what it asked for. verbatim: bytes as they
 *   came. pseudonym: our name in Via. drain: stop without losing anything. defect: a fault of this program.
 * - origin of a value: where a setting came from. origin of a request: the server that answers it.
 *
 * docs/architecture.md draws the rooms and walks through the life of a connection; `proxy/connection.ts` tells it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { addressesOf } from "../config/addresses.ts"
import { plan } from "../config/plan.ts"
import type { ListenerPlan, Settings } from "../config/settings.ts"
import { Dialer } from "../net/dial/dialer.ts"
import { Drain } from "../net/common/drain-signal.ts"
import { localAddresses } from "../system/local-addresses.ts"
import { isListenedOn } from "../system/listening.ts"
import type { Listener } from "../net/sockets/listener.ts"
import type { OriginPool } from "../net/http/origin-pool.ts"
import type { Sockets } from "../net/sockets/sockets.ts"
import { DescriptorBudget } from "../net/sockets/descriptor-budget.ts"
import { makeSplicer } from "../net/splice/splicer.ts"
import { isLoopback } from "../protocol/address.ts"
import { noRecorder, type RecorderSwitch } from "../protocol/recording.ts"
import type { Target } from "../protocol/target.ts"
import type { AccessLog } from "../observe/access/access-log.ts"
import type { ListenFailed } from "../flow/listen-failed.ts"
import type { Log } from "../observe/log/log.ts"
import type { Metrics } from "../observe/metrics/metrics.ts"
import type { Shortfalls } from "../flow/shortfalls.ts"
import { type Connections, makeConnections } from "./open-connections.ts"
import { bind } from "./bind.ts"
import { drainAll } from "./drain.ts"
import { makeDestinations } from "./destination.ts"
import { makeListenerContext } from "./listener-context.ts"
import { makeObserver } from "./observer.ts"
import { Workload, type WorkloadParts } from "./workload.ts"

/** What the proxy is given: its settings as they are now, its sockets, and where it tells what it does. */
export interface Parts {
  readonly sockets: Sockets
  readonly settings: () => Settings
  readonly log: Log
  /** Absent where none is wanted. */
  readonly accessLog: AccessLog | undefined
  readonly metrics: Metrics
  readonly shortfalls: Shortfalls
  /** Who records what passes in each direction; absent where nothing is ever recorded. */
  readonly recorders?: { readonly [D in ListenerPlan["direction"]]: RecorderSwitch }
}

/** A proxy that listens. */
export interface Proxy {
  readonly inbound: ReadonlyArray<Listener>
  readonly outbound: ReadonlyArray<Listener>
  readonly connections: Connections
  readonly draining: () => boolean
  /** Connections to origins that belong to no client. */
  readonly idleOrigins: () => number
  /** Tells the policy of a listener of ours that it did not bind: health and admin are never dialled either. */
  readonly own: (listener: Pick<Listener, "address" | "port">) => void
  /** Stops as the contract says; true when nothing had to be cut off. What is left is reset when the scope closes. */
  readonly drain: Effect.Effect<boolean>
}

/** Where the workload is, and its addresses where they are known to be this machine's own. */
const workloadOf = (target: Target): Pick<WorkloadParts, "target" | "addresses"> => {
  const addresses = addressesOf(target.host)
  const local = addresses.every((address) => isLoopback(address) || localAddresses().has(address.text))
  return { target, addresses: local ? addresses : [] }
}

/** Binds every planned listener and serves until the scope closes, which resets what is then still open. */
export const startProxy: (parts: Parts) => Effect.Effect<Proxy, ListenFailed, Scope.Scope | Dialer> = Effect.fnUntraced(
  function* ({ settings, sockets, log, accessLog, metrics, shortfalls, recorders }: Parts) {
    const dialer = yield* Dialer
    const splicer = yield* makeSplicer(settings().splice, shortfalls)
    const drain = new Drain()
    const idleOrigins = new DescriptorBudget(() => 2 * settings().maxConnections)
    const shared: Array<OriginPool> = []
    const listening: Array<Pick<Listener, "address" | "port">> = []
    const destinations = makeDestinations({ settings, listening: () => listening, localAddresses })
    // A name of its own for every process: a request that carries it has been here before.
    const pseudonym = `pillion-${crypto.randomUUID().slice(0, 8)}`
    const workload = new Workload({ ...workloadOf(destinations.inbound.target), isListenedOn, log })
    const observer = makeObserver(log, accessLog, metrics, workload)
    const connections = yield* makeConnections(observer)

    const open = Effect.fnUntraced(function* (listener: ListenerPlan) {
      const around = makeListenerContext({
        plan: listener,
        settings,
        dialer,
        destination: destinations[listener.direction],
        splicer,
        drain,
        idleOrigins,
        pseudonym,
        recorders: recorders?.[listener.direction] ?? noRecorder,
        observer,
      })
      shared.push(around.exchanges.originPool)
      const listeners = yield* bind(sockets, listener, connections.accept(around))
      listening.push(...listeners)
      return listeners
    })

    const listeners = new Map<ListenerPlan["direction"], ReadonlyArray<Listener>>()
    for (const planned of plan(settings())) listeners.set(planned.direction, yield* open(planned))
    const inbound = listeners.get("inbound") ?? []
    if (inbound.length > 0) yield* Effect.forkScoped(workload.watch)

    return {
      inbound,
      outbound: listeners.get("outbound") ?? [],
      connections,
      draining: () => drain.active,
      idleOrigins: () => shared.reduce((sum, { count }) => sum + count, 0),
      own: (listener) => void listening.push(listener),
      drain: drainAll({ drain, inbound, settings, awaitEmpty: connections.awaitEmpty }),
    }
  },
)
