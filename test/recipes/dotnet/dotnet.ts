/**
 * .NET: HttpClient of a real .NET 10, in a program that npm has; there is no SDK to build one of our own with. It asks
 * for a price, and the proxy is told that our origin is the one that it asks.
 */
import { document, fromEnv, given, type Client, type Row, type Told, type Way } from "../row.ts"

const program = `${import.meta.dir}/../node_modules/@azure/mcp-linux-x64/dist/azmcp`

const client: Client = {
  name: ".NET HttpClient",
  needs: [program],
  version: ["grep", "--text", "--only-matching", "--extended-regexp", "[0-9]+\\.0\\.[0-9]+-servicing", program],
  trust: "`SSL_CERT_FILE`",
  loopback: "to the proxy",
}

const environment: NonNullable<Row["env"]> = ({ authority, folder }) => ({
  SSL_CERT_FILE: authority.ca,
  DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1",
  DOTNET_BUNDLE_EXTRACT_BASE_DIR: folder,
  AZURE_MCP_COLLECT_TELEMETRY: "false",
})

const asksPrice = (scheme: string, told: Told, https: Way, sees: string): Row => ({
  client,
  scheme,
  told,
  ways: { https },
  command: () => [program, "pricing", "get", "--sku", "Standard_A1", "--region", "westeurope"],
  env: environment,
  says: /"retailPrice": ?4140/,
  sees: [`${sees} prices.azure.com:443`],
})

/** It asks its machine for an identity, by plain HTTP, and ends for want of one. */
const asksIdentity = (
  scheme: string,
  told: Told,
  host: string,
  http: Way | undefined,
  sees: ReadonlyArray<string>,
): Row => ({
  client,
  scheme,
  told,
  ...(http === undefined ? {} : { ways: { http } }),
  command: () => [program, "subscription", "list"],
  env: (world) => ({
    ...environment(world),
    AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential",
    IDENTITY_ENDPOINT: `http://${host}/identity`,
    IDENTITY_HEADER: "x",
  }),
  // What our origin answers is no token.
  says: /MSI returned 200 OK, but the response could not be parsed/,
  fails: true,
  sees,
})

const socks4a = { https_proxy: "socks4a://127.0.0.1:4140" }
const byHttp = fromEnv("dotnet", "http")

export const rows: ReadonlyArray<Row> = [
  asksPrice("http://", byHttp, "CONNECT", "connect"),
  asksIdentity("http://, http URLs", byHttp, "up.test", "request", ["GET up.test:80/identity 200"]),
  asksPrice("socks5://", fromEnv("dotnet", "socks"), "SOCKS5 name", "socks5"),
  asksPrice("socks4a://", given(socks4a), "SOCKS4a name", "socks4a"),
  asksPrice(
    "document, socks5://",
    document("export HTTP_PROXY='socks5://127.0.0.1:4140'\nexport HTTPS_PROXY='socks5://127.0.0.1:4140'"),
    "SOCKS5 name",
    "socks5",
  ),
  asksPrice(
    "document, http://",
    document("export HTTP_PROXY='http://127.0.0.1:4140'\nexport HTTPS_PROXY='http://127.0.0.1:4140'"),
    "CONNECT",
    "connect",
  ),
  asksPrice("pillion run --", { by: "pillion run" }, "CONNECT", "connect"),
  asksIdentity("exceptions", byHttp, "127.0.0.1", undefined, []),
  asksIdentity("loopback, no exceptions", given({ http_proxy: "http://127.0.0.1:4140" }), "127.0.0.1", undefined, [
    "GET 127.0.0.1:80/identity 200",
  ]),
]
