/**
 * Outbound: the outbound listener as its clients name it.
 */
import { isUnspecified } from "../../config/addresses.ts"
import { isLoopback } from "../../protocol/address.ts"
import type { Environment } from "../../config/find.ts"
import { plan } from "../../config/plan.ts"
import type { ListenerPlan, Settings } from "../../config/settings.ts"
import { uriHost } from "../../protocol/target.ts"

export interface Outbound {
  /** An address without brackets. */
  readonly host: string
  /** 1..65535 */
  readonly port: number
  /** `host:port` as it stands in a URL. */
  readonly authority: string
  /** The protocol that was asked for. */
  readonly asked: "http" | "socks"
  /** Whether HTTP proxy requests are taken: always, but for strict socks. */
  readonly takesHttp: boolean
  /** How clients reach the Kubernetes API, which is never sent through the proxy; undefined outside a cluster. */
  readonly kubernetes: string | undefined
}

/** Undefined where the settings ask for no outbound listener. */
export const outboundListener = (settings: Settings): ListenerPlan | undefined =>
  plan(settings).find(({ direction }) => direction === "outbound")

/** `port` is the one that the listener really has: the plan's may be 0. */
export const outboundOf = (
  { speaks, strict, bind }: ListenerPlan,
  port: number,
  kubernetes: string | undefined,
): Outbound => {
  // 127.0.0.1 wherever it listens there: by default, and on 0.0.0.0 and ::, which takes IPv4 too.
  const address = bind.some(isUnspecified) ? undefined : (bind.find(isLoopback) ?? bind[0])
  return {
    host: address?.text ?? "127.0.0.1",
    port,
    authority: `${address === undefined ? "127.0.0.1" : uriHost(address)}:${port}`,
    asked: speaks === "socks" ? "socks" : "http",
    takesHttp: speaks !== "socks" || !strict,
    kubernetes,
  }
}

/** Set in every container of a cluster. */
export const kubernetesHost = (environment: Environment): string | undefined =>
  environment["KUBERNETES_SERVICE_HOST"] || undefined
