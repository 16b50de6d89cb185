/** Go: net/http with its default client. */
import { alike, document, exceptions, fetches, type Fetcher, fromEnv, loopback, type Row } from "../row.ts"

const go: Fetcher = {
  client: {
    name: "Go net/http",
    needs: ["go"],
    version: ["go", "version"],
    trust: "`SSL_CERT_FILE`",
    loopback: "past the proxy",
    before: ({ here, folder }) => ["go", "build", "-o", `${folder}/go-client`, `${here}go/main.go`],
  },
  command: ({ folder }) => [`${folder}/go-client`],
  trusts: ({ authority }) => ({ SSL_CERT_FILE: authority.ca }),
  https: "HTTP/2.0",
}

export const rows: ReadonlyArray<Row> = [
  // Two origins and the tunnel to a third come on the connections that net/http likes; plain ones on one.
  fetches(go, "http://", fromEnv("go", "http"), { http: "request", https: "CONNECT" }),
  {
    ...fetches(go, "http://, kept alive", fromEnv("go", "http"), { http: "request" }),
    oneConnection: true,
  },
  fetches(go, "socks5://", fromEnv("go", "socks"), alike("SOCKS5 name")),
  fetches(
    go,
    "document, socks5://",
    document("export HTTP_PROXY='socks5://127.0.0.1:4140'\nexport HTTPS_PROXY='socks5://127.0.0.1:4140'"),
    alike("SOCKS5 name"),
  ),
  fetches(
    go,
    "document, http://",
    document("export HTTP_PROXY='http://127.0.0.1:4140'\nexport HTTPS_PROXY='http://127.0.0.1:4140'"),
    { http: "request", https: "CONNECT" },
  ),
  fetches(go, "pillion run --", { by: "pillion run" }, { http: "request", https: "CONNECT" }),
  exceptions(go, "go"),
  loopback(go),
]
