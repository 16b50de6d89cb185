/**
 * Plan: which listeners the settings ask for, and what each speaks.
 */
import { isLoopback } from "../protocol/address.ts"
import type { ListenerPlan, ProxyProtocol, ProxyType, Settings, Speaks } from "./settings.ts"

interface ProtocolPlan {
  readonly inbound: Speaks
  readonly outbound: Speaks | undefined
  readonly allowedWith: ReadonlyArray<ProxyType>
}

/** The meaning of each proxy-protocol on each listener, and the proxy-types that it goes with. */
export const protocols: { readonly [P in ProxyProtocol]: ProtocolPlan } = {
  tcp: { inbound: "tcp", outbound: undefined, allowedWith: ["reverse"] },
  http: { inbound: "http", outbound: "http", allowedWith: ["reverse", "forward", "dual"] },
  socks: { inbound: "socks", outbound: "socks", allowedWith: ["reverse", "forward", "dual"] },
  "tcp:http": { inbound: "tcp", outbound: "http", allowedWith: ["dual"] },
  "tcp:socks": { inbound: "tcp", outbound: "socks", allowedWith: ["dual"] },
}

/** The listeners, inbound first. Binds stay empty where they are the default: which addresses exist is not known here. */
export const plan = (settings: Settings): ReadonlyArray<ListenerPlan> => {
  const { inbound, outbound } = protocols[settings.proxyProtocol]
  const listeners: Array<ListenerPlan> = []
  if (settings.proxyType !== "forward") {
    listeners.push({
      direction: "inbound",
      speaks: inbound,
      strict: settings.proxyStrict,
      bind: settings.proxyInBind,
      port: settings.proxyInPort,
    })
  }
  if (settings.proxyType !== "reverse" && outbound !== undefined) {
    listeners.push({
      direction: "outbound",
      speaks: outbound,
      strict: settings.proxyStrict,
      bind: settings.proxyOutBind,
      port: settings.proxyOutPort,
    })
  }
  return listeners
}

/** Whether only this machine can reach the outbound listener; on any other address more destinations are denied. */
export const outboundIsLoopback = (settings: Settings): boolean => settings.proxyOutBind.every(isLoopback)
