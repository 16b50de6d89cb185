/**
 * Ground: where the soak takes place: the proxy's ports, and the servers behind it by what they do.
 *
 * The servers are spread over eight loopback addresses: each address and port can be dialled only as often as there are
 * ephemeral ports while old connections rest in TIME_WAIT.
 */
import type { Random } from "../support/random.ts"

/** What a server does. */
export const behaviours = {
  echo: "sends back what it gets, and ends when its client ends",
  late: "sends back what it got once its client has ended",
  source: "sends the piece that a line `at length` asks for, then ends",
  reset: "resets the connection at the first byte",
  upload: "takes what a head with Content-Length announces, at the rate of its Rate field, and answers with its digest",
  http: "answers HTTP requests",
} as const

export type Behaviour = keyof typeof behaviours

export interface Place {
  readonly host: string
  readonly port: number
}

export type Places = Readonly<Record<Behaviour, ReadonlyArray<Place>>>

/** All servers, as the process that they run in names them. */
export interface Servers extends Places {
  /** Where connections are never accepted, and not refused either. */
  readonly hole: Place
  /** The same behaviours on ::1; undefined where the machine has no IPv6. */
  readonly ipv6: Readonly<Record<Behaviour, Place>> | undefined
}

export interface Ground extends Servers {
  /** Opaque; its workload is one that echoes. */
  readonly in: number
  /** Every proxy protocol. */
  readonly out: number
}

/** Something that a client does. Its outcome is undefined, or the reason of the refusal that it was made to get. */
export type Operation = (ground: Ground, random: Random) => Promise<string | undefined>

/** How often it is done, in relation to the others, and how. */
export interface Entry {
  readonly weight: number
  readonly run: Operation
}

/** Whether an operation needs servers on ::1. */
export const overIpv6 = (name: string): boolean => name.startsWith("IPv6, ")

/** What one process with clients is to do. */
export interface Task {
  readonly ground: Ground
  readonly seconds: number
  /** Operations a second. */
  readonly rate: number
  readonly seed: number
}

/** What it has done. */
export interface Report {
  readonly done: Record<string, number>
  /** Refusals that the operation was made to get, by reason. */
  readonly expected: Record<string, number>
  /** Everything else that went wrong, by operation and words. */
  readonly unexpected: Record<string, number>
}

export const hosts: ReadonlyArray<string> = Array.from({ length: 8 }, (_, i) => `127.0.0.${i + 2}`)

/** No server is there, and the proxy is told to deny it. */
export const deniedHost = "127.0.0.99"

/** No client of anybody is ever given this port, so nothing can listen there by chance or connect to itself. */
export const closedPort = 1

/** The name, known only to the proxy, of the nth server of a behaviour. */
export const nameOf = (behaviour: Behaviour, index: number): string => `${behaviour}-${index}.soak`

/** The port that goes with every such name. */
export const namedPort = 80

/** The name of the server of a behaviour on ::1. */
export const ipv6NameOf = (behaviour: Behaviour): string => `${behaviour}-ipv6.soak`

/** What `resolve` says of all names. */
const resolveEntries = (servers: Servers): ReadonlyArray<string> => {
  const entries: Array<string> = []
  for (const behaviour of Object.keys(behaviours) as Array<Behaviour>) {
    for (const [i, { host, port }] of servers[behaviour].entries()) {
      entries.push(`${nameOf(behaviour, i)}:${namedPort}=${host}:${port}`)
    }
    const ipv6 = servers.ipv6?.[behaviour]
    if (ipv6 !== undefined) entries.push(`${ipv6NameOf(behaviour)}:${namedPort}=[${ipv6.host}]:${ipv6.port}`)
  }
  return entries
}

/**
 * Settings that a reload changes; every one of the two has the same operations end in the same way. Deadlines are
 * short, so that what waits for one does it often, and what is slow outlives all of them. That between two requests is
 * longer than a busy machine keeps a client waiting, or the proxy would close between two requests, as it should.
 */
const changing = [
  {
    "handshake-timeout": "2s",
    "dial-timeout": "2s",
    "keep-alive-timeout": "4s",
    "half-close-timeout": "3s",
    "origin-reuse": "2s",
    "max-head-fields": "128",
    "log-level": "info",
    "deny-destinations": [deniedHost],
  },
  {
    "handshake-timeout": "3s",
    "dial-timeout": "1500ms",
    "keep-alive-timeout": "3s",
    "half-close-timeout": "4s",
    "origin-reuse": "1s",
    "max-head-fields": "100",
    "log-level": "warn",
    "deny-destinations": ["127.0.0.98", deniedHost],
  },
] as const

/** A number that `/config` shows, by which it can be seen which of the two is in force. */
export const headFields = (which: 0 | 1): number => Number(changing[which]["max-head-fields"])

/** The configuration file with one of the two sets of settings: JSON, which is YAML. */
export const configuration = (servers: Servers, which: 0 | 1): string =>
  JSON.stringify({ ...changing[which], resolve: resolveEntries(servers) })
