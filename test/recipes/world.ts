/**
 * World: a network of its own in which the recipes run: the document's own port 4140, origins on 80 and 443, and no way
 * out, so that a client that goes past the proxy reaches nothing but what is meant for it.
 *
 * up.test and other.test are names that only the proxy knows (`--resolve`): Go and Ruby never send loopback to a proxy.
 * local.test is one that the machine knows, for clients that look names up themselves.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "../../scripts/build.ts"
import { makeNamespace, type Namespace } from "../support/namespace.ts"
import { has } from "../support/needs.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { type Authority, makeAuthority } from "./authority.ts"
import type { Settings } from "./row.ts"

export interface World {
  readonly network: Namespace
  readonly authority: Authority
  /** For whatever a client writes. */
  readonly folder: string
  readonly proxies: { readonly [S in Settings]: Pillion }
  /** The folder of the recipes, with a slash at its end. */
  readonly here: string
  readonly executable: string
}

const here = `${import.meta.dir}/`

/** What the proxy alone knows. */
const resolve = ["up.test:80=127.0.0.1:80", "up.test:443=127.0.0.1:443", "up.test:8080=127.0.0.1:8080"].concat(
  ["up.test:5432=127.0.0.1:5432", "up.test:6379=127.0.0.1:6379", "up.test:50051=127.0.0.1:50051"],
  ["other.test:80=127.0.0.1:80", "prices.azure.com:443=127.0.0.1:443"],
)
/** The same as flags. */
export const rules = resolve.map((rule) => `--resolve=${rule}`)

/** The flags of each proxy: `pillion env` is given them too, so that it speaks of the settings in force. */
export const flags: { readonly [S in Settings]: ReadonlyArray<string> } = {
  http: ["--proxy-type=forward", "--proxy-protocol=http", "--proxy-out-port=4140"],
  socks: ["--proxy-type=forward", "--proxy-protocol=socks", "--proxy-out-port=4141"],
  strict: ["--proxy-type=forward", "--proxy-protocol=socks", "--proxy-strict", "--proxy-out-port=4142"],
  postgres: ["--proxy-type=reverse", "--proxy-protocol=tcp", "--proxy-port=5432", "--proxy-in-port=4143"],
  redis: ["--proxy-type=reverse", "--proxy-protocol=tcp", "--proxy-port=6379", "--proxy-in-port=4144"],
}
export const freePorts = ["--health-port=0", "--admin-port=0"]

/** An address that is no loopback address, of a block that is nobody's (RFC 5737), and a name for it. */
const addressOfItsOwn = [
  "ip address add 192.0.2.10/32 dev lo",
  "printf '127.0.0.1 localhost\\n::1 localhost\\n192.0.2.10 local.test\\n' >/mnt/hosts",
  "mount --bind /mnt/hosts /etc/hosts",
].join("; ")

/** What this machine has not, of what no recipe can do without. */
export const worldMissing = has("namespace")
  ? ["curl", "openssl"].find((tool) => Bun.which(tool) === null)
  : "namespace"

export const makeWorld = async (): Promise<World & AsyncDisposable> => {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), "pillion-recipes-"))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const authority = await makeAuthority(folder)
  const network = stack.use(await makeNamespace(addressOfItsOwn))
  const { certificate, key } = authority
  // A name server that knows no name: what nobody knows fails at once.
  await network.workload("nxdomain:53")
  await network.start([...network.enter, process.execPath, `${here}origins.ts`, certificate, key], 30_000)
  const start = async (settings: Settings): Promise<Pillion> =>
    stack.use(
      await startPillion({
        ownPorts: true,
        flags: [...flags[settings], ...freePorts, ...rules],
        wrapper: network.enter,
      }),
    )
  const proxies = {
    http: await start("http"),
    socks: await start("socks"),
    strict: await start("strict"),
    postgres: await start("postgres"),
    redis: await start("redis"),
  }
  const kept = stack.move()
  return {
    network,
    authority,
    folder,
    proxies,
    here,
    executable: await build(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
