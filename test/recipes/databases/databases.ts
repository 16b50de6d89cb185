/**
 * Databases: their own clients know no proxy. Inbound they come through the opaque TCP listener; outbound they are
 * forced through SOCKS by proxychains4.
 */
import { chained, proxychains } from "../proxychains/proxychains.ts"
import { type Client, given, type Row, type Settings, type Way } from "../row.ts"

const psql: Client = {
  name: "psql",
  needs: ["psql", "pg_lsclusters", "setpriv", "root"],
  version: ["psql", "--version"],
  beside: ({ here, folder }) => ["sh", `${here}databases/postgres.sh`, folder],
}

const redis: Client = {
  name: "redis-cli",
  needs: ["redis-cli", "redis-server"],
  version: ["redis-cli", "--version"],
  beside: ({ here, folder }) => ["sh", `${here}databases/redis.sh`, folder],
}

const query = ["--username=postgres", "--no-psqlrc", "--tuples-only", "--no-align", "--command=select 40 + 2"]

const inbound = (client: Client, proxy: Settings, command: ReadonlyArray<string>, says: string, sees: string): Row => ({
  client,
  scheme: "inbound, tcp",
  told: given({}),
  proxy,
  command: () => command,
  says: [says],
  sees: [sees],
})

const outbound = (client: Client, command: ReadonlyArray<string>, says: string, sees: string): Row => ({
  client: { ...client, needs: [...client.needs, ...proxychains.needs] },
  scheme: "proxychains4, socks5",
  told: given({}),
  ways: { other: "SOCKS5 name" satisfies Way },
  command: (world) => [...chained(world, "socks5"), ...command],
  says: [says],
  sees: [sees],
})

export const rows: ReadonlyArray<Row> = [
  inbound(psql, "postgres", ["psql", "--host=127.0.0.1", "--port=4143", ...query], "42", "tcp localhost:5432"),
  outbound(psql, ["psql", "--host=up.test", ...query], "42", "socks5 up.test:5432"),
  inbound(redis, "redis", ["redis-cli", "-p", "4144", "ping"], "PONG", "tcp localhost:6379"),
  outbound(redis, ["redis-cli", "-h", "up.test", "ping"], "PONG", "socks5 up.test:6379"),
]
