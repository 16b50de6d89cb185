/** Java: what is built into the JDK, told by system properties. */
import { alike, document, exceptions, fetches, type Fetcher, fromEnv, given, loopback, type Row } from "../row.ts"

const sources = ["UrlConnection", "Client", "RawSocket"]

const program = (
  name: string,
  main: string,
  bypasses: "to the proxy" | "past the proxy",
  https: Fetcher["https"],
): Fetcher => ({
  client: {
    name,
    needs: ["java", "javac", "keytool"],
    version: ["java", "--version"],
    trust: "`-Djavax.net.ssl.trustStore`",
    loopback: bypasses,
    before: ({ here, folder }) => [
      "javac",
      "-d",
      `${folder}/java`,
      ...sources.map((each) => `${here}java/${each}.java`),
    ],
  },
  // A short life needs no second compiler.
  command: ({ folder }) => ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", `${folder}/java`, main],
  // As an agent of somebody else's would be: what tells of the proxy must not take its place.
  trusts: ({ authority }) => ({
    JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${authority.trustStore} -Djavax.net.ssl.trustStorePassword=changeit`,
  }),
  https,
})

const urlConnection = program("Java HttpURLConnection", "UrlConnection", "past the proxy", "HTTP/1.1")
const httpClient = program("Java HttpClient", "Client", "past the proxy", "HTTP/2.0")
const rawSocket = program("Java Socket", "RawSocket", "past the proxy", "HTTP/1.1")

const byHttp = { http: "request", https: "CONNECT" } as const

/** The document's flags but for the trust store, whose place is another one here. */
const flags = [
  "-Dhttp.proxyHost=127.0.0.1",
  "-Dhttp.proxyPort=4140",
  "-Dhttps.proxyHost=127.0.0.1",
  "-Dhttps.proxyPort=4140",
  "-DsocksProxyHost=127.0.0.1",
  "-DsocksProxyPort=4140",
].join(" ")
const documented = document(`export JAVA_TOOL_OPTIONS="$JAVA_TOOL_OPTIONS ${flags}"`)
const inJavaOpts = document(`export JAVA_OPTS='${flags}'`)
const httpOnly = { JAVA_TOOL_OPTIONS: "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=4140" }
const socks4 = { JAVA_TOOL_OPTIONS: "-DsocksProxyHost=127.0.0.1 -DsocksProxyPort=4140 -DsocksProxyVersion=4" }

export const rows: ReadonlyArray<Row> = [
  fetches(urlConnection, "http.proxyHost", fromEnv("java", "http"), byHttp),
  fetches(urlConnection, "http.proxyHost and socksProxyHost", fromEnv("java", "socks"), byHttp),
  fetches(urlConnection, "socksProxyHost", fromEnv("java", "strict"), alike("SOCKS5 name")),
  fetches(urlConnection, "document, as JAVA_TOOL_OPTIONS", documented, byHttp),
  fetches(urlConnection, "document, JAVA_OPTS", inJavaOpts, { http: "past" }),
  fetches(urlConnection, "pillion run --", { by: "pillion run" }, byHttp),
  exceptions(urlConnection, "java"),
  loopback(urlConnection, httpOnly),

  fetches(httpClient, "http.proxyHost", fromEnv("java", "http"), byHttp),
  fetches(httpClient, "socksProxyHost", fromEnv("java", "strict"), { http: "past" }),
  fetches(httpClient, "document, as JAVA_TOOL_OPTIONS", documented, byHttp),
  fetches(httpClient, "pillion run --", { by: "pillion run" }, byHttp),
  exceptions(httpClient, "java"),
  loopback(httpClient, httpOnly),

  fetches(rawSocket, "socksProxyHost", fromEnv("java", "strict"), alike("SOCKS5 address")),
  fetches(rawSocket, "socksProxyHost, a name nobody here knows", fromEnv("java", "socks"), alike("SOCKS5 name")),
  fetches(rawSocket, "socksProxyVersion=4", given(socks4), { http: "SOCKS4 address" }),
  loopback(rawSocket, { JAVA_TOOL_OPTIONS: "-DsocksProxyHost=127.0.0.1 -DsocksProxyPort=4140" }),
  fetches(rawSocket, "http.proxyHost", fromEnv("java", "http"), { http: "past" }),
  fetches(rawSocket, "document, as JAVA_TOOL_OPTIONS", documented, alike("SOCKS5 address")),
]
