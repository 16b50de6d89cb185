/** The executable for arm64: what depends on the processor's own layouts of structures, and on its calls. */
import { describe, expect } from "bun:test"

import { unusedPort } from "../../scripts/unused-port.ts"
import { arm64Executable, onArm64 } from "../support/arm64.ts"
import { checksum, receiveBulk, sendBulk } from "../support/bulk.ts"
import { ask, openTunnel, outboundTunnels } from "../support/clients.ts"
import { field, readResponse, status } from "../support/http.ts"
import { needs } from "../support/needs.ts"
import { origin, httpOrigin } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { runCommand } from "../support/process.ts"

const arm64 = needs("arm64")

/** An emulated start takes seconds. */
const patience = 120_000

arm64(
  "it runs, and knows what it is",
  async () => {
    const { code, stdout } = await runCommand([...onArm64, await arm64Executable(), "version"], {
      milliseconds: 60_000,
    })
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^pillion /)])
  },
  patience,
)

const start = async (flags: ReadonlyArray<string>): Promise<Pillion> =>
  startPillion({ executable: await arm64Executable(), wrapper: onArm64, flags, patience: 60_000 })

const mebibytes = 8

describe.each([
  ["polled, and spliced", true, true],
  ["polled, and copied", true, false],
  ["by the runtime's sockets", false, true],
])("%s,", (_, poll, splice) => {
  const flags = [`--poll=${poll}`, `--splice=${splice}`, "--proxy-protocol=tcp:http"]

  arm64(
    "every byte arrives, both ways and by every protocol, failures have their names, and SIGTERM ends it",
    async () => {
      using server = await origin((peer) => {
        sums.push(receiveBulk(peer, 60_000))
        void sendBulk(peer, mebibytes, 2)
      })
      const sums: Array<Promise<string>> = []
      using web = await httpOrigin()
      await using running = await start([...flags, `--proxy-port=${server.port}`])
      // It is what was asked for that is tested.
      expect(running.stderr.all.filter((line) => !line.includes('"level":"info"'))).toEqual([])
      const tunnels = [...outboundTunnels, "tcp"] as const
      for (const tunnel of tunnels) {
        const port = tunnel === "tcp" ? running.ports.in : running.ports.out
        using client = await openTunnel(tunnel, port, tunnel === "tcp" ? 0 : server.port)
        const received = receiveBulk(client, 60_000)
        await sendBulk(client, mebibytes, 1)
        expect([tunnel, await received]).toEqual([tunnel, checksum(mebibytes, 2)])
      }
      expect(await Promise.all(sums)).toEqual(tunnels.map(() => checksum(mebibytes, 1)))

      using client = await rawConnect(running.ports.out)
      for (let i = 0; i < 3; i++) {
        client.send(`GET http://${web.authority}/ HTTP/1.1\r\nHost: ${web.authority}\r\n\r\n`)
        expect((await readResponse(client)).body).toBe("hello")
      }
      client.end()
      using refused = await rawConnect(running.ports.out)
      expect(await ask(refused, "socks5", "127.0.0.1", unusedPort())).toBe(5)
      using unreachable = await rawConnect(running.ports.out)
      unreachable.send("GET http://localhost.nowhere.invalid/ HTTP/1.1\r\nHost: x\r\n\r\n")
      const answer = await readResponse(unreachable)
      expect([status(answer), field(answer, "Proxy-Status")]).toEqual([502, expect.stringContaining("dns_error")])
      unreachable.end()
      expect(await running.health("/readyz")).toBe(200)
      expect(await running.stop(20_000)).toBe(0)
    },
    patience,
  )
})
