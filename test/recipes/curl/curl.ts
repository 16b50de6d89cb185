/** curl: every scheme of a proxy that it knows. */
import { exceptions, fetches, type Fetcher, fromEnv, given, loopback, type Row, type Way } from "../row.ts"

const silent = ["curl", "--silent", "--show-error", "--max-time", "20"]
const plain = ["http://up.test/one", "http://other.test/two"]

const curl: Fetcher = {
  client: {
    name: "curl",
    needs: ["curl"],
    version: ["curl", "--version"],
    trust: "`CURL_CA_BUNDLE`",
    loopback: "to the proxy",
  },
  command: () => silent,
  trusts: ({ authority }) => ({ CURL_CA_BUNDLE: authority.ca }),
  https: "HTTP/2.0",
}

const byHand = (scheme: string, way: Way): Row =>
  fetches(
    curl,
    `${scheme}://`,
    given({ http_proxy: `${scheme}://127.0.0.1:4140`, https_proxy: `${scheme}://127.0.0.1:4140` }),
    {
      http: way,
      https: way,
    },
  )

export const rows: ReadonlyArray<Row> = [
  fetches(curl, "http://", fromEnv("curl", "http"), { http: "request", https: "CONNECT" }),
  {
    ...fetches(curl, "http://, --proxytunnel", given({}), { http: "CONNECT" }),
    command: () => [...silent, "--proxytunnel", "--proxy", "http://127.0.0.1:4140", ...plain],
  },
  fetches(curl, "socks5h://", fromEnv("curl", "socks"), { http: "SOCKS5 name", https: "SOCKS5 name" }),
  byHand("socks5", "SOCKS5 address"),
  byHand("socks4a", "SOCKS4a name"),
  byHand("socks4", "SOCKS4 address"),
  fetches(curl, "HTTP_PROXY in capitals", given({ HTTP_PROXY: "http://127.0.0.1:4140" }), { http: "past" }),
  fetches(curl, "pillion run --", { by: "pillion run" }, { http: "request", https: "CONNECT" }),
  exceptions(curl, "curl"),
  loopback(curl),
]
