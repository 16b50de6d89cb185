/** Ruby: Net::HTTP, which knows no SOCKS. */
import { document, exceptions, fetches, type Fetcher, fromEnv, given, loopback, type Row } from "../row.ts"

const ruby: Fetcher = {
  client: {
    name: "Ruby Net::HTTP",
    needs: ["ruby"],
    version: ["ruby", "--version"],
    trust: "`SSL_CERT_FILE`",
    loopback: "past the proxy",
  },
  command: ({ here }) => ["ruby", `${here}ruby/fetch.rb`],
  trusts: ({ authority }) => ({ SSL_CERT_FILE: authority.ca }),
  https: "HTTP/1.1",
}

const byHttp = { http: "request", https: "CONNECT" } as const

export const rows: ReadonlyArray<Row> = [
  fetches(ruby, "http://", fromEnv("ruby", "http"), byHttp),
  fetches(ruby, "http://, where socks was asked for", fromEnv("ruby", "socks"), byHttp),
  fetches(ruby, "http_proxy alone", given({ http_proxy: "http://127.0.0.1:4140" }), byHttp),
  fetches(
    ruby,
    "document, variables",
    document("export HTTP_PROXY='http://127.0.0.1:4140'\nexport HTTPS_PROXY='http://127.0.0.1:4140'"),
    byHttp,
  ),
  fetches(ruby, "pillion run --", { by: "pillion run" }, byHttp),
  {
    ...exceptions(ruby, "ruby"),
    // Its Host field has an IPv6 address without the brackets.
    says: ["http 127.0.0.1 /loop HTTP/1.1", "http localhost /loop HTTP/1.1", "http ::1 /loop HTTP/1.1"],
  },
  loopback(ruby),
]
