/** The work that is measured: what the load does, who takes part, in which unit it counts. README.md says what it means. */
import type { Work } from "./peers.ts"

/** How a workload is measured: requests or bytes for some seconds, or one of the three that need their own procedure. */
export type Measure = "rate" | "idle" | "memory" | "start"

export interface Workload {
  readonly name: string
  readonly title: string
  readonly measure: Measure
  readonly work: Work
  readonly origin: "echo" | "http" | "http-large" | "http-chunked" | "bulk"
  /** What one operation is; a rate counts these a second, and processor time is told for each. */
  readonly unit: "request" | "connection" | "MB"
  /** Arguments of `load` besides port, target and seconds. */
  readonly load: ReadonlyArray<string>
  /** Open loop at half of the slowest participant's saturation. */
  readonly half?: true
  /** Judged by its latency instead of its rate. */
  readonly latency?: true
  readonly peers: ReadonlyArray<string>
  /** Part of --quick. */
  readonly quick?: true
}

/** How many origins "many" are. */
export const manyOrigins = 8

const relays = ["floor", "bare", "haproxy", "nginx"]

const tcp = (name: string, title: string, more: Partial<Workload>): Workload => ({
  name,
  title,
  measure: "rate",
  work: "tcp",
  origin: "echo",
  unit: "request",
  load: ["hop=none"],
  peers: relays,
  ...more,
})

const http = (name: string, title: string, more: Partial<Workload>): Workload => ({
  name,
  title,
  measure: "rate",
  work: "http",
  origin: "http",
  unit: "request",
  load: ["kind=http", "size=128"],
  peers: ["bare", "haproxy", "squid"],
  ...more,
})

/** Connections a second, and requests a second on open tunnels, through one kind of handshake. */
const tunnel = (work: Work, peers: ReadonlyArray<string>, quick: boolean): ReadonlyArray<Workload> => {
  const shared = { measure: "rate", work, origin: "echo", peers } as const
  return [
    {
      ...shared,
      name: `${work}-connections`,
      title: `${work}: connect, handshake, one request, close`,
      unit: "connection",
      load: [`hop=${work}`, "fresh=1"],
      ...(quick ? { quick: true } : {}),
    },
    {
      ...shared,
      name: `${work}-requests`,
      title: `${work}: requests on open tunnels`,
      unit: "request",
      load: [`hop=${work}`],
    },
  ]
}

export const workloads: ReadonlyArray<Workload> = [
  tcp("tcp-requests", "tcp: requests on kept connections", { quick: true }),
  tcp("tcp-connections", "tcp: connect, one request, close", {
    unit: "connection",
    load: ["hop=none", "fresh=1"],
    quick: true,
  }),
  tcp("tcp-latency", "tcp: latency of one client", { load: ["hop=none", "clients=1"], latency: true }),
  tcp("tcp-latency-half", "tcp: latency at half of saturation, open loop", { half: true, latency: true }),
  ...(["down", "up", "both"] as const).map((direction) =>
    tcp(`bulk-${direction}`, `tcp: bytes ${direction === "both" ? "both ways" : direction}, 4 connections`, {
      origin: "bulk",
      unit: "MB",
      peers: [...relays, "haproxy-splice"],
      load: ["clients=4", `direction=${direction}`],
    }),
  ),
  ...tunnel("socks4", ["dante"], false),
  ...tunnel("socks4a", [], false),
  ...tunnel("socks5", ["floor", "microsocks", "dante"], true),
  ...tunnel("connect", ["bare", "tinyproxy", "squid"], true),
  http("http-requests", "absolute-form requests, kept alive, one origin", { quick: true }),
  http("http-inbound", "requests to the workload itself, kept alive", {
    work: "inbound",
    load: ["kind=http", "origin-form=1", "size=128"],
    peers: ["floor", "haproxy"],
  }),
  http("http-inbound-large", "requests to the workload itself, kept alive, bodies of 32 KiB", {
    work: "inbound",
    origin: "http-large",
    load: ["kind=http", "origin-form=1", "size=128"],
    peers: ["floor", "haproxy"],
  }),
  http("http-many-origins", `absolute-form requests, kept alive, ${manyOrigins} origins in turn`, {
    load: ["kind=http", "size=128", `ports=${manyOrigins}`],
    peers: ["haproxy", "squid"],
  }),
  http("http-large", "absolute-form requests, kept alive, bodies of 32 KiB", { origin: "http-large" }),
  http("http-chunked", "absolute-form requests, kept alive, bodies of 32 KiB in chunks of 8 KiB", {
    origin: "http-chunked",
  }),
  http("http-connections", "absolute-form requests, a new connection each", {
    unit: "connection",
    load: ["kind=http", "size=128", "fresh=1"],
    peers: ["bare", "haproxy", "haproxy-reuse", "squid", "tinyproxy"],
    quick: true,
  }),
  tcp("idle", "tcp: memory of idle connections", { measure: "idle", unit: "connection" }),
  {
    name: "idle-socks5",
    title: "socks5: memory of idle connections",
    measure: "idle",
    work: "socks5",
    origin: "echo",
    unit: "connection",
    load: ["hop=socks5"],
    peers: ["microsocks"],
  },
  tcp("memory", "tcp: resident memory at start, after 100,000 connections, five seconds later", {
    measure: "memory",
    unit: "connection",
    load: ["hop=none", "fresh=1"],
  }),
  tcp("start", "from start to accepting, and to the first byte through", { measure: "start", unit: "connection" }),
]
