/**
 * HAProxy before a workload, for tests that hold another proxy to the same: where it does not do what ours has to do, the
 * test asks for something that nobody does.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { unusedPort } from "../../scripts/unused-port.ts"
import { rawConnect } from "./peer.ts"
import { eventually } from "./within.ts"

export interface Haproxy extends AsyncDisposable {
  /** Where it takes HTTP, and where opaque bytes; both go to the workload. */
  readonly http: number
  readonly tcp: number
}

/** Debian keeps servers in sbin, which is not in everybody's PATH. */
export const haproxy = (): string | null => Bun.which("haproxy", { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` })

/** Starts one with generous timeouts before the workload at this port of loopback. Needs "haproxy". */
export const startHaproxy = async (workload: number): Promise<Haproxy> => {
  const http = unusedPort(2)
  const tcp = http + 1
  const folder = await mkdtemp(join(tmpdir(), "pillion-haproxy-"))
  const configuration = join(folder, "haproxy.cfg")
  const server = `  server workload 127.0.0.1:${workload}`
  await Bun.write(
    configuration,
    [
      "defaults",
      "  timeout connect 5s",
      "  timeout client 60s",
      "  timeout server 60s",
      "listen http",
      "  mode http",
      `  bind 127.0.0.1:${http}`,
      server,
      "listen tcp",
      "  mode tcp",
      `  bind 127.0.0.1:${tcp}`,
      server,
      "",
    ].join("\n"),
  )
  const child = Bun.spawn([haproxy()!, "-db", "-q", "-f", configuration], { stdio: ["ignore", "ignore", "inherit"] })
  const isUp = async (): Promise<boolean> => {
    try {
      ;(await rawConnect(http))[Symbol.dispose]()
      return true
    } catch {
      return false
    }
  }
  await eventually(isUp, true, "whether HAProxy accepts")
  return {
    http,
    tcp,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL")
      await child.exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
