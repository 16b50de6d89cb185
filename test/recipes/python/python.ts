/** Python: urllib.request, which knows no SOCKS, and requests, which does with PySocks. */
import type { Client } from "../row.ts"
import { alike, document, exceptions, fetches, type Fetcher, fromEnv, given, loopback, type Row } from "../row.ts"

/** Debian's, for it is the one with Debian's requests and PySocks. */
const python = "/usr/bin/python3"
const packages = "/usr/lib/python3/dist-packages"

const urllib: Client = {
  name: "Python urllib.request",
  needs: [python],
  version: [python, "--version"],
  trust: "`SSL_CERT_FILE`",
  loopback: "to the proxy",
}

const session: Client = {
  name: "Python requests",
  needs: [python, `${packages}/requests`, `${packages}/socks.py`],
  version: [python, "-c", "import requests; print(requests.__version__)"],
  trust: "`REQUESTS_CA_BUNDLE`",
  loopback: "to the proxy",
}

const program = (client: Client, file: string, variable: string): Fetcher => ({
  client,
  command: ({ here }) => [python, `${here}python/${file}`],
  trusts: ({ authority }) => ({ [variable]: authority.ca }),
  https: "HTTP/1.1",
})

const withUrllib = program(urllib, "urllib_request.py", "SSL_CERT_FILE")
const withSession = program(session, "requests_session.py", "REQUESTS_CA_BUNDLE")

const documented = document("export HTTP_PROXY=http://127.0.0.1:4140\nexport HTTPS_PROXY=http://127.0.0.1:4140")
const byHand = (scheme: string) =>
  given({ http_proxy: `${scheme}://127.0.0.1:4140`, https_proxy: `${scheme}://127.0.0.1:4140` })

export const rows: ReadonlyArray<Row> = [
  fetches(withUrllib, "http://", fromEnv("python", "http"), { http: "request", https: "CONNECT" }),
  fetches(
    withUrllib,
    "socks5h://",
    fromEnv("python", "socks"),
    { http: "fails" },
    { says: /unknown url type: socks5h/ },
  ),
  fetches(withUrllib, "document, variables", documented, { http: "request", https: "CONNECT" }),
  fetches(
    program(urllib, "urllib_document.py", "SSL_CERT_FILE"),
    "document, urlopen(proxies=)",
    given({}),
    { http: "fails" },
    { says: /unexpected keyword argument 'proxies'/ },
  ),
  fetches(program(urllib, "urllib_dictionary.py", "SSL_CERT_FILE"), "ProxyHandler", given({}), {
    http: "request",
    https: "CONNECT",
  }),
  fetches(withUrllib, "pillion run --", { by: "pillion run" }, { http: "request", https: "CONNECT" }),
  exceptions(withUrllib, "python"),
  loopback(withUrllib),

  fetches(withSession, "http://", fromEnv("python", "http"), { http: "request", https: "CONNECT" }),
  fetches(withSession, "socks5h://", fromEnv("python", "socks"), alike("SOCKS5 name")),
  fetches(withSession, "socks5://", byHand("socks5"), alike("SOCKS5 address")),
  fetches(withSession, "socks4a://", byHand("socks4a"), alike("SOCKS4a name")),
  fetches(withSession, "socks4://", byHand("socks4"), alike("SOCKS4 address")),
  fetches(withSession, "document, variables", documented, { http: "request", https: "CONNECT" }),
  fetches(program(session, "requests_dictionary.py", "REQUESTS_CA_BUNDLE"), "document, proxies=", given({}), {
    http: "request",
    https: "CONNECT",
  }),
  fetches(withSession, "pillion run --", { by: "pillion run" }, { http: "request", https: "CONNECT" }),
  exceptions(withSession, "python"),
  loopback(withSession),
]
