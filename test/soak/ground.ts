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
  http: "answers HTTP requests",
} as const

export type Behaviour = keyof typeof behaviours

export interface Place {
  readonly host: string
  readonly port: number
}

export type Places = Readonly<Record<Behaviour, ReadonlyArray<Place>>>

export interface Ground extends Places {
  /** Opaque; its workload is one that echoes. */
  readonly in: number
  /** Every proxy protocol. */
  readonly out: number
  /** Where connections are never accepted, and not refused either. */
  readonly hole: Place
}

/** Something that a client does. Its outcome is undefined, or the reason of the refusal that it was made to get. */
export type Operation = (ground: Ground, random: Random) => Promise<string | undefined>

/** How often it is done, in relation to the others, and how. */
export interface Entry {
  readonly weight: number
  readonly run: Operation
}

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

/** `--resolve` for all names. */
export const resolveFlags = (places: Places): ReadonlyArray<string> =>
  (Object.keys(behaviours) as Array<Behaviour>).flatMap((behaviour) =>
    places[behaviour].map(({ host, port }, i) => `--resolve=${nameOf(behaviour, i)}:${namedPort}=${host}:${port}`),
  )

/** The proxy's deadlines in a soak: short, so that what waits for one does it often. */
export const shortDeadlines: ReadonlyArray<string> = [
  "--handshake-timeout=2s",
  "--dial-timeout=2s",
  "--keep-alive-timeout=2s",
  "--origin-reuse=2s",
]
