/**
 * Ask-each: asks a proxy for many destinations at once, in every protocol that can name them: `bun ask-each.ts PORT
 * DESTINATION...`. For use inside a network namespace. Prints one JSON array of answers.
 */
import { ask, outboundTunnels, type Tunnel } from "./clients.ts"
import { field, readResponse, status } from "./http.ts"
import { rawConnect } from "./peer.ts"

export interface Told {
  readonly host: string
  readonly protocol: Tunnel | "http"
  /** The HTTP status, SOCKS4's code or SOCKS5's REP; 0 for a tunnel that is open. */
  readonly code: number
  /** For HTTP: the error of its Proxy-Status, else the body. */
  readonly says: string
  /** From the question to the answer. */
  readonly milliseconds: number
  /** How the connection ended after a refusal. */
  readonly over: string
}

/** SOCKS4 knows dotted quads and nothing else. */
const isQuad = (host: string): boolean =>
  host
    .split(".")
    .map((part) => `${Number(part) & 255}`)
    .join(".") === host && host.split(".").length === 4

/** `host`, `host:port`, `[v6]` or `[v6]:port`; port 80 unless told. */
const split = (destination: string): readonly [host: string, port: number] => {
  const [, host = "", port = "80"] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(destination) ?? []
  return [host, Number(port)]
}

const askFor = async (proxy: number, host: string, protocol: Told["protocol"]): Promise<Told> => {
  using client = await rawConnect(proxy)
  const [name, port] = split(host)
  const started = performance.now()
  let code: number
  let says = ""
  if (protocol === "http") {
    client.send(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    await client.untilReceived(1, 15_000)
    const response = await readResponse(client)
    code = status(response)
    says = /error=(\w+)/.exec(field(response, "Proxy-Status") ?? "")?.[1] ?? response.body
  } else {
    code = (await ask(client, protocol, name, port)) ?? 0
  }
  const milliseconds = performance.now() - started
  const over = code === 0 ? "" : await client.untilOver()
  return { host, protocol, code, says, milliseconds, over }
}

if (import.meta.main) {
  const [proxy = "", ...hosts] = process.argv.slice(2)
  const answers = hosts.flatMap((host) =>
    ([...outboundTunnels, "http"] as const)
      .filter((protocol) => protocol !== "socks4" || isQuad(split(host)[0]))
      .map((protocol) => askFor(Number(proxy), host, protocol)),
  )
  console.log(JSON.stringify(await Promise.all(answers)))
  process.exit(0)
}
