/** proxychains4: forces programs that know no proxy, here wget told to know none, and Ruby where there is only SOCKS. */
import { fetches, type Client, type Fetcher, given, type Row, type Way } from "../row.ts"
import type { World } from "../world.ts"

export const proxychains: Client = {
  name: "proxychains4",
  needs: ["proxychains4"],
  version: ["dpkg-query", "--show", "proxychains4"],
}

/** What goes before a command to force it through the proxy. */
export const chained = ({ here }: World, kind: "socks5" | "socks4" | "http" | "strict"): ReadonlyArray<string> => [
  "proxychains4",
  "-f",
  `${here}proxychains/${kind}.conf`,
]

/** curl as a program that knows no proxy: it is told that there is none. */
const curl = (kind: "socks5" | "socks4" | "http"): Fetcher => ({
  client: { ...proxychains, needs: ["proxychains4", "curl"] },
  command: (world) => [...chained(world, kind), "curl", "--silent", "--show-error", "--noproxy", "*"],
  trusts: ({ authority }) => ({ CURL_CA_BUNDLE: authority.ca }),
  https: "HTTP/2.0",
})

const ruby: Fetcher = {
  client: { ...proxychains, needs: ["proxychains4", "ruby"] },
  command: (world) => [...chained(world, "strict"), "ruby", `${world.here}ruby/fetch.rb`],
  trusts: ({ authority }) => ({ SSL_CERT_FILE: authority.ca }),
  https: "HTTP/1.1",
}

const alike = (way: Way) => ({ http: way, https: way })

export const rows: ReadonlyArray<Row> = [
  fetches(curl("http"), "http", given({}), alike("CONNECT")),
  fetches(curl("socks5"), "socks5", given({}), alike("SOCKS5 name")),
  fetches(curl("socks4"), "socks4", given({}), alike("SOCKS4a name")),
  { ...fetches(ruby, "Ruby, strict socks", given({}), alike("SOCKS5 name")), proxy: "strict" },
]
