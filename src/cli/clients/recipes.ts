/**
 * Recipes: what makes each language's clients use the outbound listener. One table; `pillion env` prints it and
 * `pillion run -- CMD` sets it. What clients do with these variables was read from their sources, not from their
 * documentation.
 *
 * A client is given the protocol that was asked for where it speaks it, else HTTP where the port takes it too.
 */
import { bare, both, bracketed, noProxy, nonProxyHosts } from "./bypass.ts"
import type { Language } from "../command-line/commands.ts"
import type { Outbound } from "./outbound.ts"

export interface Variable {
  readonly name: string
  readonly value: string
}

export interface Recipe {
  readonly variables: ReadonlyArray<Variable>
  /** Notes on what variables cannot do, a line each. */
  readonly notes: ReadonlyArray<string>
}

/** The JVM reads its flags from here, and joins nothing: who sets it must append. */
export const javaOptions = "JAVA_TOOL_OPTIONS"

/** Each name in the case that the language's clients look at first. */
export const recipes: { readonly [L in Language]: (outbound: Outbound) => Recipe } = {
  go: (outbound) => {
    const url = askedUrl(outbound, "socks5")
    return {
      variables: [
        { name: "HTTP_PROXY", value: url },
        { name: "HTTPS_PROXY", value: url },
        { name: "NO_PROXY", value: noProxy(outbound, bare) },
      ],
      notes: ["Go never sends localhost or a loopback address through a proxy, whatever is set."],
    }
  },

  python: (outbound) => ({
    variables: lowerCase(askedUrl(outbound, "socks5h"), noProxy(outbound, both)),
    notes:
      outbound.asked === "http"
        ? [
            "urllib.request.urlopen() has no proxies argument: in code, give that dictionary to",
            "urllib.request.ProxyHandler, and the handler to urllib.request.build_opener().",
          ]
        : [
            "requests needs PySocks for this: pip install 'requests[socks]'.",
            `urllib.request knows no SOCKS and fails with this${alternative(outbound)}.`,
          ],
  }),

  node: (outbound) =>
    outbound.takesHttp
      ? {
          variables: [...lowerCase(httpUrl(outbound), noProxy(outbound, both)), ...nodeSwitches(outbound)],
          notes: [
            ...(outbound.asked === "socks" ? ["Node.js knows no SOCKS by itself; this port takes HTTP too."] : []),
            "NODE_USE_ENV_PROXY is for Node.js 24 or later, and 22.21; there it covers fetch, http and https.",
            "Older versions: npm install global-agent@3, then node --require global-agent/bootstrap app.js.",
            "(global-agent 4.1.3 fails with every https URL.) It covers http and https, but not fetch, which",
            "needs undici and its EnvHttpProxyAgent.",
          ],
        }
      : {
          variables: [
            { name: "all_proxy", value: `socks5h://${outbound.authority}` },
            { name: "no_proxy", value: noProxy(outbound, both) },
          ],
          notes: [
            "fetch, http and https of Node.js and global-agent know no SOCKS and go past this proxy.",
            "In code, give them the agent of socks-proxy-agent: new SocksProxyAgent(process.env.all_proxy).",
          ],
        },

  java: (outbound) => ({
    variables: [{ name: javaOptions, value: javaFlags(outbound).join(" ") }],
    notes: [
      "The JVM reads JAVA_TOOL_OPTIONS; JAVA_OPTS is read by some start scripts only.",
      ...(outbound.asked === "http"
        ? []
        : [
            "socksProxyHost covers java.net.Socket, which JDBC drivers use; java.net.http.HttpClient and",
            "NIO (Netty) know no SOCKS and go past it.",
          ]),
    ],
  }),

  dotnet: (outbound) => ({
    variables: lowerCase(askedUrl(outbound, "socks5"), noProxy(outbound, bracketed)),
    notes: outbound.asked === "http" ? [] : [".NET takes SOCKS from the environment since version 7."],
  }),

  ruby: (outbound) => ({
    variables: outbound.takesHttp
      ? [
          { name: "http_proxy", value: httpUrl(outbound) },
          { name: "https_proxy", value: httpUrl(outbound) },
          { name: "no_proxy", value: noProxy(outbound, bracketed) },
        ]
      : [],
    notes: outbound.takesHttp
      ? [
          ...(outbound.asked === "socks" ? ["Net::HTTP knows no SOCKS; this port takes HTTP too."] : []),
          "Net::HTTP takes http_proxy for https:// too; names that resolve to loopback never go through a proxy.",
        ]
      : [`Net::HTTP knows no SOCKS: set proxy-strict to false, or run it under proxychains4 with ${chain(outbound)}.`],
  }),

  curl: (outbound) => ({
    variables: lowerCase(askedUrl(outbound, "socks5h"), noProxy(outbound, bare)),
    notes: ["curl reads http_proxy in lower case only."],
  }),
}

/**
 * For a program of any language: each name in both cases, and all the switches. HTTP wherever the port takes it, since
 * every client speaks it; else socks5, which more clients know than socks5h (.NET does not), and socks5h, which keeps
 * names, where only those look that know it.
 */
export const general = (outbound: Outbound): Recipe => {
  const http = outbound.takesHttp ? httpUrl(outbound) : `socks5://${outbound.authority}`
  const all = outbound.takesHttp ? http : `socks5h://${outbound.authority}`
  const lower = [
    { name: "http_proxy", value: http },
    { name: "https_proxy", value: http },
    { name: "all_proxy", value: all },
    { name: "no_proxy", value: noProxy(outbound, bracketed) },
  ]
  const upper = lower.map(({ name, value }) => ({ name: name.toUpperCase(), value }))
  return {
    variables: [
      ...upper,
      ...lower,
      ...(outbound.takesHttp ? nodeSwitches(outbound) : []),
      { name: javaOptions, value: javaFlags(outbound).join(" ") },
    ],
    notes: [
      ...(outbound.takesHttp ? [] : ["Clients that know no SOCKS fail with this or go past the proxy."]),
      "pillion env LANGUAGE says what one language needs, and what its clients never send to a proxy.",
    ],
  }
}

/** Properties of the JVM, each `-Dname=value`. */
export const javaFlags = (outbound: Outbound): ReadonlyArray<string> => {
  const at = (prefix: string): ReadonlyArray<string> => [
    `-D${prefix}Host=${outbound.host}`,
    `-D${prefix}Port=${outbound.port}`,
  ]
  const hosts = nonProxyHosts(outbound)
  return [
    // http.nonProxyHosts holds for https too.
    ...(outbound.takesHttp ? [...at("http.proxy"), ...at("https.proxy"), `-Dhttp.nonProxyHosts=${hosts}`] : []),
    ...(outbound.asked === "socks" ? [...at("socksProxy"), `-DsocksNonProxyHosts=${hosts}`] : []),
  ]
}

const httpUrl = ({ authority }: Outbound): string => `http://${authority}`

/** The proxy's URL for clients that speak both; `scheme` is the one of theirs that lets the proxy look names up. */
const askedUrl = (outbound: Outbound, scheme: "socks5" | "socks5h"): string =>
  outbound.asked === "http" ? httpUrl(outbound) : `${scheme}://${outbound.authority}`

const lowerCase = (url: string, bypassed: string): ReadonlyArray<Variable> => [
  { name: "http_proxy", value: url },
  { name: "https_proxy", value: url },
  { name: "all_proxy", value: url },
  { name: "no_proxy", value: bypassed },
]

/** Node.js looks at the proxy variables only where it is asked to; global-agent has names of its own. */
const nodeSwitches = (outbound: Outbound): ReadonlyArray<Variable> => [
  { name: "NODE_USE_ENV_PROXY", value: "1" },
  { name: "GLOBAL_AGENT_HTTP_PROXY", value: httpUrl(outbound) },
  { name: "GLOBAL_AGENT_HTTPS_PROXY", value: httpUrl(outbound) },
  { name: "GLOBAL_AGENT_NO_PROXY", value: noProxy(outbound, bracketed) },
]

const alternative = (outbound: Outbound): string =>
  outbound.takesHttp ? `: for it, set http_proxy and https_proxy to ${httpUrl(outbound)}` : ""

/** A line of proxychains4's list. */
const chain = ({ host, port }: Outbound): string => `"socks5 ${host} ${port}"`
