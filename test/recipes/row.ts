/**
 * Row: one client told of the proxy in one way, what it must print, and what the proxy must have seen. The tests run
 * rows, `bun run recipes` prints them, and docs/clients.md is made of them.
 */
import type { Language } from "../../src/cli/command-line/commands.ts"
import type { World } from "./world.ts"

/** What a user has to know of a client, and what it takes to run it. */
export interface Client {
  readonly name: string
  /** Commands, files where they begin with a slash, and `root`. */
  readonly needs: ReadonlyArray<string>
  /** Prints a text in which its version is the first number with a dot. */
  readonly version: ReadonlyArray<string>
  /** What makes it trust a CA of one's own, where a row tries it. */
  readonly trust?: string
  /** Where a request for 127.0.0.1 goes when no list of exceptions is set, where a row tries it. */
  readonly loopback?: "to the proxy" | "past the proxy"
  /** A command that has to have run before it: a compiler. */
  readonly before?: (world: World) => ReadonlyArray<string>
  /** A server that has to run beside it. It prints "ready" once it listens. */
  readonly beside?: (world: World) => ReadonlyArray<string>
}

/**
 * How a request goes to the proxy: `request` is a plain HTTP request with the whole URL in its line; `address` is a name
 * that the client looked up itself. `past` is past the proxy, and `fails` that the client refuses.
 */
export type Way =
  "request" | "CONNECT" | "SOCKS4 address" | "SOCKS4a name" | "SOCKS5 address" | "SOCKS5 name" | "past" | "fails"

/** How a client is told of the proxy. Shell lines are evaluated by a shell, which then starts the client. */
export type Told =
  | { readonly by: "pillion env"; readonly language?: Language; readonly settings: Settings }
  | { readonly by: "pillion run" }
  | { readonly by: "document"; readonly shell: string }
  | { readonly by: "hand"; readonly shell: string }

/** The proxies of the world: outbound with `http`, with `socks`, with strict socks, and inbound `tcp` to a database. */
export type Settings = "http" | "socks" | "strict" | "postgres" | "redis"

export interface Row {
  readonly client: Client
  /** The proxy's scheme, or what else tells this row from the client's others. */
  readonly scheme: string
  readonly told: Told
  /** The one that must see it, where it is not told of it by `pillion env`; by default the one on the document's port. */
  readonly proxy?: Settings
  readonly command: (world: World) => ReadonlyArray<string>
  /** Variables beside those that tell it of the proxy. */
  readonly env?: (world: World) => Record<string, string>
  /** Lines that it prints, or a pattern; a client that must fail prints this to stderr. */
  readonly says: ReadonlyArray<string> | RegExp
  readonly fails?: boolean
  /** What the access log must hold, as `seen` writes it; nothing else with these names may have passed. */
  readonly sees: ReadonlyArray<string>
  /** True: all of it came on one connection. */
  readonly oneConnection?: boolean
  /** How it goes to the proxy, for docs/clients.md; a row without ways is not in its table. */
  readonly ways?: Ways
}

export interface Ways {
  /** For `http://` URLs. */
  readonly http?: Way
  /** For `https://` URLs. */
  readonly https?: Way
  /** For anything that is not HTTP. */
  readonly other?: Way
}

/** A program that takes URLs, and prints the answer to each. */
export interface Fetcher {
  readonly client: Client
  readonly command: (world: World) => ReadonlyArray<string>
  /** What makes it trust the CA of the tests. */
  readonly trusts: (world: World) => Record<string, string>
  /** What the origin says it was spoken to in, through TLS. */
  readonly https: "HTTP/1.1" | "HTTP/2.0"
}

/** A row that fetches from two http origins and one https origin, by the ways that are given. */
export const fetches = (
  { client, command, trusts, https }: Fetcher,
  scheme: string,
  told: Told,
  ways: { readonly http?: Way; readonly https?: Way },
  more: Partial<Row> = {},
): Row => {
  const asked = [
    ...(ways.http === undefined
      ? []
      : plainUrls(ways.http).map((url) => ({ url, way: ways.http!, version: "HTTP/1.1" }))),
    ...(ways.https === undefined ? [] : [{ url: secureUrl(ways.https), way: ways.https, version: https }]),
  ]
  return {
    client,
    scheme,
    told,
    ways,
    command: (world) => [...command(world), ...asked.map(({ url }) => url)],
    env: trusts,
    says: asked.map(({ url, version }) => `${url.replace("://", " ").replace(/\/(?=[^/]+$)/, " /")} ${version}`),
    sees: asked.flatMap(({ url, way }) => seenAs(new URL(url), way)),
    fails: ways.http === "fails" || ways.https === "fails",
    ...more,
  }
}

/** The list of exceptions that `pillion env` sets is at work: this machine is past the proxy, however it is spelled. */
export const exceptions = (
  fetcher: Fetcher,
  language: Language,
  hosts: ReadonlyArray<string> = ["127.0.0.1", "localhost", "[::1]"],
): Row => local(fetcher, "exceptions", fromEnv(language, "http"), hosts, "past")

/** Where a request for this machine goes without a list of exceptions. `variables` tell of the proxy. */
export const loopback = (
  fetcher: Fetcher,
  variables: Record<string, string> = { http_proxy: "http://127.0.0.1:4140" },
): Row =>
  local(
    fetcher,
    "loopback, no exceptions",
    given(variables),
    ["127.0.0.1"],
    fetcher.client.loopback === "to the proxy" ? "request" : "past",
  )

const local = (
  { client, command, trusts }: Fetcher,
  scheme: string,
  told: Told,
  hosts: ReadonlyArray<string>,
  way: "past" | "request",
): Row => ({
  client,
  scheme,
  told,
  command: (world) => [...command(world), ...hosts.map((host) => `http://${host}/loop`)],
  env: trusts,
  says: hosts.map((host) => `http ${host} /loop HTTP/1.1`),
  sees: hosts.flatMap((host) => seenAs(new URL(`http://${host}/loop`), way)),
})

/** What `pillion env LANGUAGE` prints for this proxy. */
export const fromEnv = (language: Language | undefined, settings: Settings): Told => ({
  by: "pillion env",
  settings,
  ...(language === undefined ? {} : { language }),
})

/** Lines of the document, as they stand there. */
export const document = (shell: string): Told => ({ by: "document", shell })

/** Variables that a person sets. */
export const given = (variables: Record<string, string>): Told => ({
  by: "hand",
  shell: Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value}'`)
    .join("\n"),
})

/** The same way for every URL. */
export const alike = (way: Way): { readonly http: Way; readonly https: Way } => ({ http: way, https: way })

/** Only the proxy knows up.test and other.test; only the machine knows local.test, as 192.0.2.10. */
const hostsFor = (way: Way): readonly [string, string] =>
  way.endsWith("address") || way === "past" ? ["local.test", "local.test"] : ["up.test", "other.test"]

const plainUrls = (way: Way): ReadonlyArray<string> => {
  const [first, second] = hostsFor(way)
  return [`http://${first}/one`, `http://${second}/two`]
}

const secureUrl = (way: Way): string => `https://${hostsFor(way)[0]}/three`

/** The access log's lines of one request, in the words of `seen`: a tunnel's, and that of what is read inside. */
export const seenAs = (url: URL, way: Way): ReadonlyArray<string> => {
  const { hostname, pathname, protocol } = url
  const port = protocol === "https:" ? 443 : 80
  if (way === "request") return [`GET ${hostname}:${port}${pathname} 200`]
  const tunnel = tunnelOf(hostname, port, way)
  if (tunnel === undefined) return []
  return protocol === "http:" ? [tunnel, `GET ${hostname}${pathname} 200`] : [tunnel]
}

const tunnelOf = (hostname: string, port: number, way: Exclude<Way, "request">): string | undefined => {
  switch (way) {
    case "CONNECT":
      return `connect ${hostname}:${port}`
    case "SOCKS4a name":
      return `socks4a ${hostname}:${port}`
    case "SOCKS5 name":
      return `socks5 ${hostname}:${port}`
    case "SOCKS4 address":
      return `socks4 192.0.2.10:${port}`
    case "SOCKS5 address":
      return `socks5 192.0.2.10:${port}`
    case "past":
    case "fails":
      return undefined
  }
}
