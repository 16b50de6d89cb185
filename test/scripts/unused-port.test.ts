/** The ports that tests and measurements rely on nobody having. */
import { expect, test } from "bun:test"
import { unusedPort } from "../../scripts/unused-port.ts"
import { rawConnect } from "../support/peer.ts"

test("nobody listens there", async () => {
  await expect(rawConnect(unusedPort())).rejects.toThrow("ECONNREFUSED")
})

test("a port that is in use is passed over, and so is a row of ports with one in it", () => {
  const taken = unusedPort() + 3
  using _listener = Bun.listen({ hostname: "127.0.0.1", port: taken, socket: { data: () => {} } })
  const row = unusedPort(3)
  expect([row, row + 1, row + 2]).not.toContain(taken)
})
